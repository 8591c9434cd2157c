"""--eth-if and --ib-if: how they are read, and what is wrong with them on a host."""

import pytest
from tests.planning.fabrics import A0, A1, B0, Hosts, devices, finding, pair, sample, spark, told

from sparkup.errors import InputRefused
from sparkup.planning.fabric import plan_fabric
from sparkup.planning.fabric_choice import Choice, parse_choice

HOSTS = ("nodeA", "nodeB")
MIXED = sample("pair_mixed_ports")


def test_one_name_for_all_and_one_for_each() -> None:
    choice = parse_choice(["nodeB=enp1", "enp0"], ["x,y", "nodeA=z"], HOSTS)
    assert choice.eth == {"nodeA": "enp0", "nodeB": "enp1"}
    assert choice.ib == {"nodeA": ("z",), "nodeB": ("x", "y")}
    assert parse_choice([], [], HOSTS) == Choice()
    assert parse_choice(["nodeA=enp0"], [], HOSTS).eth == {"nodeA": "enp0"}


def test_all_that_cannot_be_read_is_said_at_once() -> None:
    with pytest.raises(InputRefused) as caught:
        parse_choice(["node=x", "=x", "", "a,b"], ["nodeA="], HOSTS)
    assert [problem.message for problem in caught.value.problems] == [
        "--eth-if node=x: node is none of the hosts of this launch",
        "--eth-if =x names no interface",
        "--eth-if  names no interface",
        "--ib-if nodeA= names no interface",
        "--eth-if takes one interface a host, not a,b",
    ]
    assert caught.value.problems[0].hint == "they are: nodeA, nodeB"


def test_an_interface_that_one_host_does_not_have() -> None:
    fabric = plan_fabric(MIXED, choice=parse_choice([A1], [], HOSTS))
    assert told(fabric) == [("fail", "eth-if", "nodeB")]  # there, but without an address
    assert finding(fabric, "eth-if").message == f"{A1} has no IPv4 address"
    assert fabric.control == {}
    fabric = plan_fabric(MIXED, choice=parse_choice(["nodeB=eth9"], [], HOSTS))
    only = finding(fabric, "eth-if")
    assert only.message == f"there is no network interface eth9 (there: {A0}, {B0}, enP7s7)"
    assert only.hint == "name that host's own: --eth-if nodeB=NAME"


def test_an_rdma_device_for_an_interface() -> None:
    fabric = plan_fabric(MIXED, choice=parse_choice(["nodeA=rocep1s0f1", f"nodeB={A0}"], [], HOSTS))
    only = finding(fabric, "eth-if")
    assert (only.where, only.hint) == ("nodeA", f"--eth-if nodeA={A1}")
    assert only.message == f"rocep1s0f1 is an RDMA device; the network interface on it is {A1}"


def test_an_interface_for_an_rdma_device() -> None:
    fabric = plan_fabric(MIXED, choice=parse_choice([], [f"nodeA={A1}"], HOSTS))
    only = finding(fabric, "ib-if")
    assert (only.level, only.where, only.hint) == ("fail", "nodeA", "--ib-if nodeA=rocep1s0f1")
    assert only.message == f"{A1} is a network interface; the RDMA device on it is rocep1s0f1"


def test_a_device_that_is_not_there() -> None:
    fabric = plan_fabric(MIXED, choice=parse_choice([], ["nodeA=mlx5_0", "nodeB=enP7s7"], HOSTS))
    first, second = (each for each in fabric.findings if each.code == "ib-if")
    assert (
        first.message
        == "there is no RDMA device mlx5_0 (there: rocep1s0f0, rocep1s0f1, roceP2p1s0f0 and 1 more)"
    )
    assert second.message.startswith("there is no RDMA device enP7s7")
    assert not fabric.rdma


def test_a_device_whose_port_is_down() -> None:
    fabric = plan_fabric(MIXED, choice=parse_choice([], ["nodeA=rocep1s0f0"], HOSTS))
    assert [each for each in told(fabric) if each[1] == "ib-if"] == [("fail", "ib-if", "nodeA")]
    assert "not up" in fabric.findings[0].message


def test_different_numbers_of_devices() -> None:
    choice = parse_choice([], ["nodeA=rocep1s0f1", "nodeB=rocep1s0f0,roceP2p1s0f0"], HOSTS)
    only = finding(plan_fabric(MIXED, choice=choice), "ib-if")
    assert (only.level, only.message) == ("warn", "hosts have different numbers of devices: nodeA 1, nodeB 2")


def apart() -> Hosts:
    """Return two hosts whose ports are up and in no common network."""
    return pair({A0: "10.0.0.1/24"}, {A0: "10.0.9.2/24"})


def test_who_chooses_all_devices_is_not_refused_for_want_of_a_link() -> None:
    assert [each.level for each in plan_fabric(apart()).findings].count("fail") == 1
    fabric = plan_fabric(apart(), choice=parse_choice([], ["rocep1s0f0"], ("a", "b")))
    assert devices(fabric) == {"a": ["rocep1s0f0"], "b": ["rocep1s0f0"]}
    assert (fabric.topology, fabric.rdma) == ("none", True)
    assert {each.level for each in fabric.findings} == {"warn", "note"}


def test_interfaces_in_different_networks_may_be_chosen() -> None:
    fabric = plan_fabric(apart(), choice=parse_choice([A0], [], ("a", "b")))
    only = finding(fabric, "eth-if")
    assert only.level == "warn"
    assert only.message.endswith("in different networks: 10.0.0.0/24 (a), 10.0.9.0/24 (b)")
    assert {host: str(each.address) for host, each in fabric.control.items()} == {
        "a": "10.0.0.1",
        "b": "10.0.9.2",
    }


def test_who_names_one_interface_names_the_network() -> None:
    fabric = plan_fabric(MIXED, choice=parse_choice(["nodeA=enP7s7"], [], HOSTS))
    assert {host: each.netdev for host, each in fabric.control.items()} == dict.fromkeys(HOSTS, "enP7s7")
    only = finding(fabric, "eth-if")
    assert (only.level, only.where, only.message) == (
        "note",
        "nodeB",
        "enP7s7 as well: what was chosen for nodeA is in its network",
    )
    hosts = {"a": spark(1, {A0: "10.0.0.1/24"}), "b": spark(2, {A0: "10.0.0.2/24"}), "c": spark(3)}
    fabric = plan_fabric(hosts, choice=parse_choice([f"a={A0}"], [], tuple(hosts)))
    assert fabric.control == {}
    only = finding(fabric, "eth-if")
    assert (only.where, only.message) == (
        "c",
        "no interface is in 10.0.0.0/24, the network that was chosen with --eth-if",
    )
