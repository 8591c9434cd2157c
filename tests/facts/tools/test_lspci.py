"""What lspci and mlxfwmanager print of a Spark and of other machines."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools.lspci import PciDevice, PciLink, parse
from sparkup.facts.tools.mlxfwmanager import CardFirmware

NIC = "Mellanox Technologies MT2910 Family [ConnectX-7]"


def test_the_functions_of_a_card_and_the_gpu() -> None:
    slots = ("0000:01:00.0", "0000:01:00.1", "0002:01:00.0", "0002:01:00.1")
    assert parse(sample("lspci", "nics_and_gpu.txt")) == (
        *(PciDevice(slot, "Ethernet controller", name=NIC, vendor_id="15b3") for slot in slots),
        PciDevice(
            slot="000f:01:00.0",
            kind="VGA compatible controller",
            name="NVIDIA Corporation Device 2e12",
            vendor_id="10de",
            device_id="2e12",
            revision="a1",
        ),
    )


def test_no_card_is_no_error() -> None:
    assert parse(sample("lspci", "no_connectx_enumerated.txt")) == ()


def test_links_without_their_devices() -> None:
    assert parse(sample("lspci", "lnksta_healthy.txt")) == (
        PciDevice(None, link=PciLink(32.0, 4), link_can=PciLink(32.0, 4)),
    )
    two = "LnkSta: Speed 32GT/s, Width x4\n\t\tLnkSta: Speed 2.5GT/s (downgraded), Width x2 (downgraded)\n"
    assert parse(two) == (
        PciDevice(None, link=PciLink(32.0, 4)),
        PciDevice(None, link=PciLink(2.5, 2, downgraded=True)),
    )


@pytest.mark.parametrize(
    ("line", "kind", "class_id"),
    [
        ("0000:01:00.0 15b3:1021", None, None),
        ("01:00.0 [15b3:1021]", None, None),
        ("0000:01:00.0 Ethernet controller [15b3:1021]", "Ethernet controller", None),
        ("0000:01:00.0 Ethernet controller [0200] [15b3:1021]", "Ethernet controller", "0200"),
        ("spark-1: 0000:01:00.0 0200: 15b3:1021", None, "0200"),
    ],
)
def test_short_forms(line: str, kind: str | None, class_id: str | None) -> None:
    assert parse(line) == (PciDevice("0000:01:00.0", kind, class_id, vendor_id="15b3", device_id="1021"),)


def test_with_ids_and_in_full() -> None:
    text = (
        f"0000:01:00.0 Ethernet controller [0200]: {NIC} [15b3:1021]\n"
        "01:00.1 0200: 15b3:1021\n"
        "000F:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation Device [10de:2e12] (rev a1)"
        " (prog-if 00 [VGA controller])\n"
        "\tSubsystem: NVIDIA Corporation Device [10de:1234]\n"
        "\t\tLnkCap:\tPort #0, Speed 32GT/s, Width x16, ASPM L1, Exit Latency L1 <4us\n"
        "\t\tLnkSta:\tSpeed unknown, Width x4 (downgraded)\n"
        "\tKernel driver in use: nvidia\n"
    )
    assert parse(text) == (
        PciDevice("0000:01:00.0", "Ethernet controller", "0200", NIC, "15b3", "1021"),
        PciDevice("0000:01:00.1", None, "0200", None, "15b3", "1021"),
        PciDevice(
            "000f:01:00.0",
            "VGA compatible controller",
            "0300",
            "NVIDIA Corporation Device",
            "10de",
            "2e12",
            "a1",
            "nvidia",
            PciLink(None, 4, downgraded=True),
            PciLink(32.0, 16),
        ),
    )


CARD = CardFirmware(
    model="ConnectX7",
    part="cx7_P4242_HORIZON_PK_Ax",
    description="NVIDIA DGX Spark P4242",
    psid="NVD0000000087",
    firmware="28.45.4028",
    pxe="3.7.0500",
    uefi="14.37.0014",
    status="No matching image found",
)


def test_firmware_of_a_card() -> None:
    assert parse(sample("lspci", "mlxfwmanager_healthy.txt")) == (CARD,)


@pytest.mark.parametrize(("available", "known"), [("N/A", None), ("28.47.1088", "28.47.1088")])
def test_firmware_as_the_program_lays_it_out(available: str, known: str | None) -> None:
    text = f"""Querying Mellanox devices firmware ...

Device #1:
----------

  Device Type:      ConnectX7
  Part Number:      cx7_P4242_HORIZON_PK_Ax
  Description:      NVIDIA DGX Spark P4242
  PSID:             NVD0000000087
  PCI Device Name:  0000:01:00.0
  Versions:         Current        Available
     FW             28.45.4028     {available}
     PXE            3.7.0500       N/A
     UEFI           14.37.0014     N/A

  Status:           No matching image found
"""
    (card,) = parse(text) or ()
    assert isinstance(card, CardFirmware)
    assert (card.firmware, card.available, card.pci) == ("28.45.4028", known, "0000:01:00.0")
    assert (card.pxe, card.uefi, card.psid) == ("3.7.0500", "14.37.0014", "NVD0000000087")
