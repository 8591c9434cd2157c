"""Which machine and system a host is: of eight vendors, with a GB10 or without."""

from typing import Any

import pytest
from tests.fixtures.record import ask
from tests.fixtures.recorded import answers, sample

from sparkup.facts.dgx import COMMAND_LINE, DEVICES, DGX, DMI, KERNEL, REBOOT, SYSTEM, Dgx, parse
from sparkup.facts.tools.dmi import Dmi

GPU, OTHER = "/sys/bus/pci/devices/000f:01:00.0", "/sys/bus/pci/devices/0000:01:00.0"


def spark(**changed: dict[str, Any]) -> dict[str, Any]:
    """Return what a DGX Spark answers, of the values that samples have."""
    return {
        "release": {"files": {"/etc/dgx-release": sample("dgx_release", "two_ota_lines_last_wins.txt")}},
        "dmi": {"files": {f"{DMI}/sys_vendor": "NVIDIA\n", f"{DMI}/product_name": "NVIDIA_DGX_Spark\n"}},
        "kernel": {
            "files": {
                KERNEL: "6.17.0-1032-nvidia\n",
                COMMAND_LINE: "BOOT_IMAGE=/vmlinuz root=UUID=1 ro kho=off\n",
                SYSTEM: 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04.4 LTS"\n',
            }
        },
        "gpus": {"files": {"/proc/driver/nvidia/gpus/000f:01:00.0/information": "Model: \t\t NVIDIA GB10\n"}},
        "pci": {
            "files": {
                f"{OTHER}/vendor": "",
                f"{OTHER}/device": "",
                f"{GPU}/vendor": "0x10de\n",
                f"{GPU}/device": "0x2e12\n",
            }
        },
        "machine": {"machine": "aarch64"},
        "reboot": {"paths": {REBOOT: {"kind": ""}}},
        **changed,
    }


def test_a_dgx_spark() -> None:
    found = parse(spark())
    assert found.release
    assert found.release.version == "7.6.0"
    assert found == Dgx(
        gb10=True,
        architecture="aarch64",
        gpus=("NVIDIA GB10",),
        release=found.release,
        dmi=Dmi("NVIDIA", "NVIDIA_DGX_Spark", gb10=True),
        system="Ubuntu 24.04.4 LTS",
        kernel="6.17.0-1032-nvidia",
        handover_off=True,
        reboot_required=False,
    )


@pytest.mark.parametrize("absent", ["gpus", "pci"])
def test_either_the_driver_or_the_bus_tells_of_a_gb10(absent: str) -> None:
    assert parse(spark(**{absent: {"files": {}}})).gb10
    assert not parse(spark(gpus={"files": {}}, pci={"files": {}})).gb10


def test_another_machine_with_that_number_is_none() -> None:
    assert not parse(spark(machine={"machine": "x86_64"})).gb10
    others = {f"{GPU}/vendor": "0x15b3\n", f"{GPU}/device": "0x2e12\n"}
    assert not parse(spark(gpus={"files": {}}, pci={"files": others})).gb10


def test_a_machine_that_says_nothing_of_itself() -> None:
    nothing: dict[str, Any] = {"files": {}}
    unread = {"files": {f"!{DMI}/sys_vendor": "Permission denied"}}
    found = parse(spark(release=nothing, dmi=unread, kernel=nothing))
    assert (found.release, found.dmi, found.system, found.kernel) == (None, None, None, None)
    assert not found.handover_off


def test_updates_that_wait_for_a_reboot() -> None:
    assert parse(spark(reboot={"paths": {REBOOT: {"kind": "file"}}})).reboot_required


def test_a_recorded_machine() -> None:
    found = parse(answers("dgx", "vm"))
    assert (found.gb10, found.architecture, found.dmi, found.release) == (False, "x86_64", None, None)
    assert found.system == "Debian GNU/Linux 12 (bookworm)"


def test_no_serial_number_is_asked_for() -> None:
    keep = DGX.requests["release"].body["keep"]
    import re  # noqa: PLC0415

    assert not re.match(keep, 'DGX_SERIAL_NUMBER="1"')
    assert re.match(keep, 'DGX_OTA_VERSION="1"')
    assert not [glob for glob in DGX.requests["dmi"].body["globs"] if "serial" in glob or "uuid" in glob]
    assert f"{DEVICES}/vendor" in DGX.requests["pci"].body["globs"]


def test_the_questions_can_be_answered() -> None:
    assert isinstance(parse(ask(DGX, "python3")), Dgx)
