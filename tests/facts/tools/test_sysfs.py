"""Files of /sys, with their names, as people list them."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools import sysfs_values
from sparkup.facts.tools.sysfs import KernelGid, KernelPort, PciFunction, parse


def test_a_port_that_is_up_and_one_without_a_cable() -> None:
    gid = KernelGid(3, "0000:0000:0000:0000:0000:ffff:c0a8:640b", "RoCE v2", "enp1s0f1np1")
    assert parse(sample("sysfs", "infiniband_port_attrs.txt")) == (
        KernelPort(
            name="up port",
            state="ACTIVE",
            physical_state="LinkUp",
            rate=200.0,
            link_layer="Ethernet",
            netdev="enp1s0f1np1",
            operstate="up",
            carrier=True,
            speed=200000,
            mtu=9000,
            cage="p1",
            sent=2968259552956,
            gids=(gid,),
        ),
        KernelPort(
            name="unplugged port",
            state="DOWN",
            physical_state="Disabled",
            rate=40.0,
            link_layer="Ethernet",
            netdev="enp1s0f0np0",
            operstate="down",
            carrier=False,
            mtu=1500,
            cage="p0",
            sent=0,
        ),
    )


def test_a_table_of_functions() -> None:
    assert parse(sample("sysfs", "pci_function_map.txt")) == (
        PciFunction("0000:01:00.0", "enp1s0f0np0", "rocep1s0f0", "p0", "A"),
        PciFunction("0000:01:00.1", "enp1s0f1np1", "rocep1s0f1", "p1", "A"),
        PciFunction("0002:01:00.0", "enP2p1s0f0np0", "roceP2p1s0f0", "p0", "B"),
        PciFunction("0002:01:00.1", "enP2p1s0f1np1", "roceP2p1s0f1", "p1", "B"),
        PciFunction("0004:01:00.0", note="root NVMe"),
        PciFunction("0007:01:00.0", "enP7s7", note="10GbE management, r8127"),
        PciFunction("0009:01:00.0", "wlP9s9", note="Wi-Fi, mt7925e"),
        PciFunction("000f:01:00.0", note="GPU, 10de:2e12"),
    )


GREP = """grep: /sys/class/net/ens1f0np0/speed: Invalid argument
/sys/class/net/ens1f0np0/mtu:1500
/sys/class/net/ens1f0np0/phys_port_name:pf0vf1
/sys/class/infiniband/mlx5_0/ports/1/state:4: ACTIVE
/sys/class/infiniband/mlx5_0/ports/1/gids/12:fe80:0000:0000:0000:0000:00ff:feb1:0101
/sys/class/infiniband/mlx5_0/ports/1/gids/2:0000:0000:0000:0000:0000:0000:0000:0000
/sys/class/infiniband/mlx5_0/ports/1/counters/port_rcv_data:12
"""


def test_what_grep_and_tail_print() -> None:
    told = (
        KernelPort("ens1f0np0", mtu=1500),
        KernelPort(
            "mlx5_0",
            state="ACTIVE",
            received=12,
            gids=(KernelGid(12, "fe80:0000:0000:0000:0000:00ff:feb1:0101"),),
        ),
    )
    assert parse(GREP) == told
    rows = [line.split(":", 1) for line in GREP.splitlines()[1:]]
    assert parse("\n\n".join(f"==> {path} <==\n{value}" for path, value in rows)) == told


@pytest.mark.parametrize(
    ("value", "speed"),
    [("-1", None), ("4294967295", None), ("0", None), ("", None), (None, None), ("100000", 100000)],
)
def test_a_port_that_is_down_has_no_speed(value: str | None, speed: int | None) -> None:
    assert sysfs_values.speed(value) == speed


@pytest.mark.parametrize(
    ("value", "name"),
    [("4: ACTIVE", "ACTIVE"), ("PORT_DOWN (1)", "PORT_DOWN"), ("Active", "Active"), ("", None), ("5", None)],
)
def test_states_have_numbers_before_or_behind(value: str, name: str | None) -> None:
    assert sysfs_values.named(value) == name
