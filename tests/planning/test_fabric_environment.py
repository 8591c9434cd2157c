"""The variables of every host, whole, for every topology."""

import re
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from tests.planning.fabrics import A0, A1, B0, B1, Hosts, as_reported, pair, port, ring, sample, spark, switch
from tests.planning.test_fabric import CABLES, LEFT, mixed, nic

from sparkup.domain.fabric import Interface
from sparkup.planning.fabric import plan_fabric
from sparkup.planning.fabric_choice import Choice
from sparkup.planning.fabric_environment import environment, user_findings

P0, P1 = "rocep1s0f0,roceP2p1s0f0", "rocep1s0f1,roceP2p1s0f1"
ALL = "rocep1s0f0,rocep1s0f1,roceP2p1s0f0,roceP2p1s0f1"
THREE = {"NCCL_IB_SUBNET_AWARE_ROUTING": "1", "NCCL_IB_MERGE_NICS": "0", "NCCL_CROSS_NIC": "1"}
FOUR = {"NCCL_IB_SUBNET_AWARE_ROUTING": "1", "NCCL_IB_MERGE_NICS": "0", "NCCL_ALGO": "Ring"}


def variables(hosts: Hosts, choice: Choice = Choice()) -> dict[str, dict[str, str]]:  # noqa: B008
    fabric = plan_fabric(hosts, choice=choice)
    found = {host: environment(fabric, host) for host in hosts}
    assert all(each.reason for mine in found.values() for each in mine)
    return {host: {each.name: each.value for each in mine} for host, mine in found.items()}


def table(devices: str, netdev: str, address: str, **more: str) -> dict[str, str]:
    """Return what a host gets, as the table in docs/fabric.md has it."""
    return {
        "NCCL_NET": "IB",
        "NCCL_IB_DISABLE": "0",
        "NCCL_IB_HCA": devices,
        "NCCL_NET_PLUGIN": "none",
        "NCCL_IGNORE_CPU_AFFINITY": "1",
        **more,
        **control(netdev, address),
    }


def control(netdev: str, address: str) -> dict[str, str]:
    return {
        "NCCL_SOCKET_IFNAME": netdev,
        "GLOO_SOCKET_IFNAME": netdev,
        "TP_SOCKET_IFNAME": netdev,
        "UCX_NET_DEVICES": netdev,
        "OMPI_MCA_btl_tcp_if_include": netdev,
        "MN_IF_NAME": netdev,
        "VLLM_HOST_IP": address,
        "RAY_NODE_IP_ADDRESS": address,
        "RAY_OVERRIDE_NODE_IP_ADDRESS": address,
        "RAY_memory_monitor_refresh_ms": "0",
    }


def test_a_pair() -> None:
    assert variables(sample("pair_port1_two_subnets")) == {
        "node1": table(P1, A1, "192.168.177.11"),
        "node2": table(P1, A1, "192.168.177.12"),
    }


def test_a_pair_in_different_cages() -> None:
    assert variables(sample("pair_mixed_ports")) == {
        "nodeA": table(P1, A1, "192.168.100.11"),
        "nodeB": table(P0, A0, "192.168.100.12"),
    }


def test_who_plugs_into_the_other_cage_gets_the_same_but_for_the_names() -> None:
    """Its owner notices nothing but the line of the cable in the picture."""
    addresses = ("192.168.177.12/24", "192.168.178.12/24")
    straight = {"a": spark(1, {A1: "192.168.177.11/24", B1: "192.168.178.11/24"})}
    moved = straight | {"b": spark(2, dict(zip((A0, B0), addresses, strict=True)))}
    straight["b"] = spark(2, dict(zip((A1, B1), addresses, strict=True)))
    before, after = variables(straight), variables(moved)
    assert before["a"] == after["a"]
    assert before["b"] == table(P1, A1, "192.168.177.12")
    assert after["b"] == table(P0, A0, "192.168.177.12")
    assert plan_fabric(straight).findings == plan_fabric(moved).findings == ()
    assert plan_fabric(straight).topology == plan_fabric(moved).topology == "pair"


@pytest.mark.parametrize("name", ["mesh3_ring_eugr", "mesh3_ring_nvidia"])
def test_a_ring_of_three(name: str) -> None:
    assert variables(sample(name)) == {
        f"node{number}": table(ALL, "enP7s7", f"10.6.0.{number + 1}", **THREE) for number in (1, 2, 3)
    }


def test_a_ring_of_three_with_crossed_twins() -> None:
    assert variables(as_reported()) == {
        host: table(ALL, "enP7s7", f"10.6.0.{number}", **THREE)
        for number, host in enumerate(("head", "node1", "node2"), 2)
    }


def test_a_ring_of_four() -> None:
    assert variables(sample("ring4_eugr")) == {
        f"node{number}": table(ALL, "enP7s7", f"10.6.0.{number + 1}", **FOUR) for number in (1, 2, 3, 4)
    }


def test_a_ring_with_small_networks() -> None:
    more = {**FOUR, "NCCL_IB_SUBNET_PREFIX_LEN": "30"}
    assert variables(ring(5, 30))["n0002"] == table(ALL, "enP7s7", "10.6.0.3", **more)


@pytest.mark.parametrize("count", [4, 8])
def test_a_switch(count: int) -> None:
    assert variables(switch(count)) == {
        f"n{number:04}": table(P0, A0, f"10.100.0.{number + 1}") for number in range(1, count + 1)
    }


def test_a_switch_with_one_network() -> None:
    found = variables(switch(4, subnets=1))
    assert found["n0002"] == table(P0, A0, "10.100.0.9")


def test_a_switch_beside_a_cable() -> None:
    assert variables(mixed())["n0001"] == table(P0, A0, "10.100.0.2")


def test_two_cables() -> None:
    assert variables(pair(LEFT, CABLES["straight"]))["b"] == table(ALL, A0, "10.0.0.2")


def test_two_cables_that_cross() -> None:
    found = variables(pair(LEFT, CABLES["crossed"]))
    more = {"NCCL_IB_SUBNET_AWARE_ROUTING": "1", "NCCL_IB_MERGE_NICS": "0"}
    other = "rocep1s0f1,rocep1s0f0,roceP2p1s0f1,roceP2p1s0f0"
    assert found == {"a": table(ALL, A0, "10.0.0.1", **more), "b": table(other, A1, "10.0.0.2", **more)}


def test_one_host_gets_nothing() -> None:
    assert variables({"a": spark(1, LEFT)}) == {"a": {}}


def bare(number: int, *more: Interface) -> tuple[Interface, ...]:
    """Return a machine without RDMA."""
    address = (IPv4Interface(f"192.168.7.{number}/24"),)
    return (Interface("lo", kind="loopback"), Interface("eth0", kind="veth", addresses=address), *more)


def test_without_rdma_it_is_tcp_and_said_so() -> None:
    hosts = {"a": bare(1), "b": bare(2)}
    assert variables(hosts)["b"] == {
        "NCCL_NET": "Socket",
        "NCCL_IB_DISABLE": "1",
        "NCCL_NET_PLUGIN": "none",
        "NCCL_IGNORE_CPU_AFFINITY": "1",
        **control("eth0", "192.168.7.2"),
    }
    (only,) = plan_fabric(hosts).findings
    assert (only.level, only.code) == ("warn", "net.tcp")
    assert only.message.startswith("TCP sockets: slow, because")


def test_without_a_network_for_all_only_what_needs_none_is_set() -> None:
    fabric = plan_fabric({"a": bare(1), "b": spark(2)})
    assert fabric.control == {}
    assert [each.name for each in environment(fabric, "a")] == [
        "NCCL_NET_PLUGIN",
        "NCCL_IGNORE_CPU_AFFINITY",
        "NCCL_NET",
        "NCCL_IB_DISABLE",
        "RAY_memory_monitor_refresh_ms",
    ]


def test_names_that_begin_another_are_exact() -> None:
    """NCCL takes beginnings of names: mlx5_1 would be mlx5_10 as well."""
    one, ten = nic("eth1", "10.0.0.1/24", "0000:03:00.1"), nic("eth10", "10.9.0.1/24", "0000:04:00.0")
    assert ten.rdma
    ten = replace(ten, rdma=replace(ten.rdma, name="mlx5_10"))
    found = variables({"a": (one, ten), "b": (nic("eth1", "10.0.0.2/24", "0000:03:00.1"),)})
    assert (found["a"]["NCCL_IB_HCA"], found["a"]["NCCL_SOCKET_IFNAME"]) == ("=mlx5_1", "=eth1")
    assert found["a"]["GLOO_SOCKET_IFNAME"] == "eth1"  # Gloo takes the name as it is
    assert (found["b"]["NCCL_IB_HCA"], found["b"]["NCCL_SOCKET_IFNAME"]) == ("mlx5_1", "eth1")


def test_what_is_never_set() -> None:
    for hosts in (sample("pair_mixed_ports"), as_reported(), sample("ring4_eugr"), switch(8)):
        for mine in variables(hosts).values():
            assert not {"NCCL_IB_GID_INDEX", "NCCL_PROTO", "NCCL_IB_TC"} & set(mine)


def test_a_port_at_half_speed_changes_no_variable() -> None:
    hosts = sample("pair_mixed_ports")
    assert variables(port(hosts, "nodeA", A1, rate=100.0)) == variables(hosts)


def test_variables_of_the_user_that_deserve_a_word() -> None:
    given = {"NCCL_IB_GID_INDEX": "3", "NCCL_PROTO": "LL", "NCCL_SOCKET_IFNAME": "x", "HF_HOME": "/h"}
    notes = user_findings(given)
    assert [(each.level, each.code) for each in notes] == [("note", "env.shell")] * 3
    assert [each.hint for each in notes] == [
        "leave NCCL_IB_GID_INDEX out",
        "leave NCCL_PROTO out",
        "leave NCCL_SOCKET_IFNAME out",
    ]
    assert user_findings({}) == ()
    for off in ({"NCCL_IB_DISABLE": "1"}, {"NCCL_NET": "socket"}):
        (only,) = user_findings(off)
        assert only.code == "net.tcp"
    assert user_findings({"NCCL_NET": "IB", "NCCL_IB_DISABLE": "0"}) == ()


def test_devices_that_the_user_chose() -> None:
    choice = Choice(eth=dict.fromkeys(("nodeA", "nodeB"), "enP7s7"), ib={"nodeA": ("rocep1s0f1",)})
    found = variables(sample("pair_mixed_ports"), choice)
    assert found["nodeA"] == table("rocep1s0f1", "enP7s7", "10.6.0.2")
    assert found["nodeB"] == table(P0, "enP7s7", "10.6.0.3")


def test_the_page_about_it_names_every_variable_and_check() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/fabric.md").read_text()
    every = (sample("pair_mixed_ports"), as_reported(), ring(5, 30), pair(LEFT, CABLES["crossed"]))
    named = {name for hosts in every for mine in variables(hosts).values() for name in mine}
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []
    source = "".join(path.read_text() for path in (root / "src/sparkup/planning").glob("fabric_*.py"))
    checks = set(re.findall(r'"(net\.[a-z0-9-]+|env\.shell|eth-if|ib-if)"', source))
    assert len(checks) > 15
    assert [name for name in sorted(checks) if f"`{name}`" not in page] == []
