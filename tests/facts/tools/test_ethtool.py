"""What ethtool prints of links, modules and drivers."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools.ethtool import LinkSettings, Module, NetworkDriver, parse

LINK = (
    "Settings for enp1s0f1np1:\n"
    "\tSupported ports: [ FIBRE ]\n"
    "\tSupported link modes:   1000baseKX/Full\n"
    "\t                        200000baseCR4/Full\n"
    "\tSupported pause frame use: Symmetric\n"
    "\tSpeed: 100000Mb/s\n"
    "\tLanes: 4\n"
    "\tDuplex: Full\n"
    "\tAuto-negotiation: off\n"
    "\tPort: Direct Attach Copper\n"
    "\tLink detected: yes\n"
)


def test_a_port_that_is_down_has_no_speed() -> None:
    assert parse(sample("ethtool", "link_down.txt")) == (
        LinkSettings("enp1s0f0np0", None, None, autonegotiation=True, link=False),
    )


def test_a_link_in_full() -> None:
    modes = ("1000baseKX/Full", "200000baseCR4/Full")
    full = LinkSettings(
        "enp1s0f1np1",
        100000,
        "Full",
        autonegotiation=False,
        link=True,
        port="Direct Attach Copper",
        lanes=4,
        supported=modes,
    )
    assert parse(LINK + "netlink error: Operation not permitted\n") == (full,)
    assert parse(LINK + sample("ethtool", "link_down.txt")) == (
        full,
        *(parse(sample("ethtool", "link_down.txt")) or ()),
    )


def test_the_one_line_that_people_look_for() -> None:
    """As the playbooks have it: ethtool IF | grep Speed."""
    assert parse("\tSpeed: 200000Mb/s\n") == (LinkSettings(None, 200000),)
    assert parse("\tSpeed: 200Gb/s\n") == (LinkSettings(None, 200000),)
    assert parse("\tLink detected: yes (200G)\n") == (LinkSettings(None, link=True),)


def test_a_module() -> None:
    assert parse(sample("ethtool", "module_dac_200g.txt")) == (
        Module("QSFP28", "200GBASE-CR4", "PAM4", "RS"),
    )
    text = (
        "\tIdentifier                                : 0x1e (QSFP+ or later with CMIS)\n"
        "\tEncoding                                  : 0x05 (64B/66B)\n"
        "\tLength (Copper or Active cable)           : 0.40m\n"
        "\tVendor name                               : NVIDIA\n"
        "\tVendor PN                                 : MCP1650-V00AE30\n"
        "\tVendor SN                                 : MT0000000001\n"
        "\tModule temperature                        : 41.50 degrees C / 106.70 degrees F\n"
    )
    assert parse(text) == (
        Module("QSFP+", None, "64B/66B", None, "NVIDIA", "MCP1650-V00AE30", "MT0000000001", 0.4, 41.5),
    )


def test_a_driver() -> None:
    text = (
        "driver: mlx5_core\nversion: 6.17.0-1014-nvidia\n"
        "firmware-version: 28.45.4028 (NVD0000000087)\nbus-info: 0000:01:00.1\n"
    )
    assert parse(text) == (NetworkDriver("mlx5_core", "6.17.0-1014-nvidia", "28.45.4028", "0000:01:00.1"),)


@pytest.mark.parametrize(
    "text",
    [
        "Settings for eth9:\nnetlink error: No such device\n",
        "netlink error: No such device\nNo data available\n",
    ],
)
def test_nothing_to_tell(text: str) -> None:
    assert parse(text) in ((), (LinkSettings("eth9"),))
