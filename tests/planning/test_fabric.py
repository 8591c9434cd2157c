"""What joins hosts, from their interfaces: recorded topologies first."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest
from tests.planning.fabrics import (
    A0,
    A1,
    B0,
    B1,
    TOPOLOGIES,
    Hosts,
    as_reported,
    change,
    devices,
    netplan,
    pair,
    port,
    ring,
    sample,
    spark,
    switch,
    told,
)

from sparkup.domain.fabric import Control, End, Interface, RdmaDevice
from sparkup.planning.fabric import plan_fabric
from sparkup.planning.fabric_topology import chain

P0, P1 = ["rocep1s0f0", "roceP2p1s0f0"], ["rocep1s0f1", "roceP2p1s0f1"]
ALL = ["rocep1s0f0", "rocep1s0f1", "roceP2p1s0f0", "roceP2p1s0f1"]


def test_a_pair_with_both_twins_in_networks_of_their_own() -> None:
    fabric = plan_fabric(sample("pair_port1_two_subnets"))
    assert fabric.topology == "pair"
    assert [str(link.subnet) for link in fabric.links] == ["192.168.177.0/24", "192.168.178.0/24"]
    assert fabric.links[1].ends == (End("node1", B1), End("node2", B1))
    assert devices(fabric) == {"node1": P1, "node2": P1}
    assert fabric.control["node2"] == Control(A1, IPv4Address("192.168.177.12"))
    assert fabric.findings == ()
    assert fabric.rdma


def test_a_pair_plugged_into_different_cages_is_a_pair() -> None:
    fabric = plan_fabric(sample("pair_mixed_ports"))
    assert (fabric.topology, fabric.findings) == ("pair", ())
    assert devices(fabric) == {"nodeA": P1, "nodeB": P0}
    assert {host: each.netdev for host, each in fabric.control.items()} == {"nodeA": A1, "nodeB": A0}


@pytest.mark.parametrize(
    ("hosts", "order"),
    [
        (sample("mesh3_ring_eugr"), ("node1", "node2", "node3")),
        (sample("mesh3_ring_nvidia"), ("node1", "node2", "node3")),
        (as_reported(), ("head", "node1", "node2")),
        (sample("ring4_eugr"), ("node1", "node2", "node3", "node4")),
    ],
    ids=["eugr", "nvidia", "reported", "four"],
)
def test_rings(hosts: Hosts, order: tuple[str, ...]) -> None:
    fabric = plan_fabric(hosts)
    assert fabric.topology == "ring"
    assert len(fabric.links) == 2 * len(hosts)
    assert all(len(link.ends) == 2 for link in fabric.links)
    assert devices(fabric) == dict.fromkeys(hosts, ALL)
    assert {each.netdev for each in fabric.control.values()} == {"enP7s7"}
    assert told(fabric) == [("note", "net.ring", "")]
    assert chain(fabric, order[0]) == order
    assert chain(fabric, order[1]) == (*order[1:], order[0])


def test_a_ring_whose_twins_are_crossed_on_one_host() -> None:
    links = {link.ends for link in plan_fabric(as_reported()).links}
    assert (End("node1", A0), End("node2", B1)) in links
    assert (End("node1", B0), End("node2", A1)) in links


def test_all_four_ports_in_one_network_still_work() -> None:
    left = netplan(TOPOLOGIES / "same_subnet_all_four_bad.yaml")
    right = {name: address.replace("10.0.1.", "10.0.2.") for name, address in left.items()}
    fabric = plan_fabric(pair(left, right))
    assert fabric.topology == "doubled-pair"
    assert devices(fabric) == {"a": ALL, "b": ALL}
    assert told(fabric) == [("warn", "net.addr", "a, b")]


def test_a_second_port_that_leads_to_a_pc_is_left_out() -> None:
    recorded = (TOPOLOGIES / "autodiscover_output_all_ports.txt").read_text().splitlines()
    values = dict(line.split("=", 1) for line in recorded)
    assert values["IB_IF"].split(",") == ALL  # what went wrong: all that are up
    mine = spark(1, {values["ETH_IF"]: values["LOCAL_IP"], B0: "", A1: "10.9.9.1/24", B1: ""})
    fabric = plan_fabric({"a": mine, "b": spark(2, {A0: "192.168.100.11/24", B0: ""})})
    assert fabric.topology == "pair"
    assert devices(fabric) == {"a": P0, "b": P0}
    assert told(fabric) == [("note", "net.cable", "a")]
    assert "port p1 (enp1s0f1np1), 10.9.9.1/24, leads to none of these hosts" in fabric.findings[0].message


def test_twins_without_addresses_follow_their_siblings() -> None:
    fabric = plan_fabric(pair({A1: "10.0.0.1/24", B1: ""}, {A0: "10.0.0.2/24", B0: ""}))
    assert [(link.ends, link.subnet) for link in fabric.links] == [
        ((End("a", A1), End("b", A0)), IPv4Network("10.0.0.0/24")),
        ((End("a", B1), End("b", B0)), None),
    ]
    assert devices(fabric) == {"a": P1, "b": P0}
    assert fabric.findings == ()


def test_the_twin_that_has_the_address_is_the_second() -> None:
    fabric = plan_fabric(pair({A0: "", B0: "10.0.0.1/24"}, {A0: "", B0: "10.0.0.2/24"}))
    assert devices(fabric) == {"a": P0, "b": P0}
    assert fabric.control["a"] == Control(B0, IPv4Address("10.0.0.1"))


def test_a_twin_without_an_address_joins_the_network_of_those_it_faces() -> None:
    hosts = switch(3)
    hosts = change(hosts, "n0002", B0, addresses=())
    fabric = plan_fabric(hosts)
    assert [len(link.ends) for link in fabric.links] == [3, 3]
    assert devices(fabric) == dict.fromkeys(hosts, P0)
    assert fabric.control["n0002"].netdev == A0


@pytest.mark.parametrize("count", [3, 4, 8])
@pytest.mark.parametrize("subnets", [1, 2])
def test_switches(count: int, subnets: int) -> None:
    hosts = switch(count, subnets=subnets)
    fabric = plan_fabric(hosts)
    assert fabric.topology == "switch"
    assert len(fabric.links) == subnets
    assert devices(fabric) == dict.fromkeys(hosts, P0)
    assert {each.netdev for each in fabric.control.values()} == {A0}
    assert [code for _, code, _ in told(fabric)] == (["net.addr"] if subnets == 1 else [])
    assert chain(fabric, "n0002") == ("n0002", "n0001", *list(hosts)[2:])


def test_a_switch_with_both_cages() -> None:
    fabric = plan_fabric(switch(4, ports=(A0, A1, B0, B1)))
    assert fabric.topology == "switch"
    assert devices(fabric)["n0003"] == ALL


def test_a_switch_with_two_hosts_is_a_pair() -> None:
    assert plan_fabric(switch(2)).topology == "pair"


CABLES = {
    "straight": {A0: "10.0.0.2/24", B0: "10.0.1.2/24", A1: "10.0.2.2/24", B1: "10.0.3.2/24"},
    "crossed": {A1: "10.0.0.2/24", B1: "10.0.1.2/24", A0: "10.0.2.2/24", B0: "10.0.3.2/24"},
}
LEFT = {A0: "10.0.0.1/24", B0: "10.0.1.1/24", A1: "10.0.2.1/24", B1: "10.0.3.1/24"}


def test_two_cables() -> None:
    fabric = plan_fabric(pair(LEFT, CABLES["straight"]))
    assert fabric.topology == "doubled-pair"
    assert devices(fabric) == {"a": ALL, "b": ALL}
    assert fabric.findings == ()


def test_two_cables_that_cross_keep_what_faces_each_other_at_one_index() -> None:
    fabric = plan_fabric(pair(LEFT, CABLES["crossed"]))
    assert devices(fabric) == {"a": ALL, "b": ["rocep1s0f1", "rocep1s0f0", "roceP2p1s0f1", "roceP2p1s0f0"]}
    assert told(fabric) == [("warn", "net.order", "")]


def mixed() -> Hosts:
    """Return four hosts on a switch, two of which have a cable between them as well."""
    hosts = switch(4)
    beside = {A1: "10.9.0.{}/24", B1: "10.9.1.{}/24"}
    for host in ("n0001", "n0003"):
        number = int(host[1:])
        for netdev, address in beside.items():
            hosts = change(
                hosts,
                host,
                netdev,
                addresses=(IPv4Interface(address.format(number)),),
                mtu=9000,
                carrier=True,
            )
            hosts = port(hosts, host, netdev, state="ACTIVE", rate=200.0)
    return hosts


def test_a_cable_beside_a_switch() -> None:
    fabric = plan_fabric(mixed())
    assert fabric.topology == "mixed"
    assert devices(fabric) == dict.fromkeys(fabric.hosts, P0)
    assert told(fabric) == [("note", "net.cable", "")]
    assert chain(fabric, "n0001") == ("n0001", "n0003", "n0002", "n0004")


def test_those_two_alone_have_both() -> None:
    hosts = mixed()
    fabric = plan_fabric({host: hosts[host] for host in ("n0001", "n0003")})
    assert fabric.topology == "doubled-pair"


def test_one_host_is_asked_for_nothing() -> None:
    for mine in (spark(), (), spark(1, {A0: "169.254.1.1/16"}, mtu=1500)):
        fabric = plan_fabric({"a": mine}, sparks=["a"])
        assert (fabric.topology, fabric.links, fabric.findings) == ("solo", (), ())
        assert not fabric.rdma
        assert chain(fabric, "a") == ("a",)
    assert plan_fabric({}).topology == "solo"


def nic(netdev: str, address: str, pci: str = "0000:03:00.0") -> Interface:
    """Return a port of another machine: one RDMA device, no twin."""
    return Interface(
        netdev,
        carrier=True,
        mtu=9000,
        addresses=(IPv4Interface(address),),
        pci=pci,
        device_id="15b3:101d",
        rdma=RdmaDevice(f"mlx5_{pci[-1]}", "ACTIVE", "LinkUp", 100.0, "Ethernet"),
    )


def test_other_machines_have_no_twins_and_are_fine() -> None:
    hosts = {"a": (nic("eth2", "10.0.0.1/24"),), "b": (nic("ens5", "10.0.0.2/24"),)}
    fabric = plan_fabric(hosts)
    assert (fabric.topology, fabric.findings) == ("pair", ())
    assert devices(fabric) == {"a": ["mlx5_0"], "b": ["mlx5_0"]}
    two = {
        host: (*mine, nic("p1", f"10.0.1.{index}/24", "0000:03:00.1"))
        for index, (host, mine) in enumerate(hosts.items(), 1)
    }
    assert plan_fabric(two).topology == "doubled-pair"


def test_a_pair_of_a_spark_and_another_machine() -> None:
    hosts = {"a": spark(1, {A0: "10.0.0.1/24", B0: "10.0.1.1/24"}), "b": (nic("eth2", "10.0.0.2/24"),)}
    fabric = plan_fabric(hosts)
    assert devices(fabric) == {"a": ["rocep1s0f0"], "b": ["mlx5_0"]}


def test_what_never_carries_rdma_between_hosts() -> None:
    for kind in ("bridge", "wireless", "virtual", "tun", "loopback"):
        hosts = pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24"})
        fabric = plan_fabric(change(hosts, "a", A0, kind=kind))
        assert fabric.topology == "none", kind


def test_two_addresses_on_a_port_are_one_link() -> None:
    both = (IPv4Interface("10.0.0.1/24"), IPv4Interface("10.5.0.1/24"))
    hosts = pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24"})
    hosts = change(hosts, "a", A0, addresses=both)
    other = (IPv4Interface("10.5.0.2/24"), IPv4Interface("10.0.0.2/24"))
    fabric = plan_fabric(change(hosts, "b", A0, addresses=other))
    assert len(fabric.links) == 1
    assert devices(fabric) == {"a": ["rocep1s0f0"], "b": ["rocep1s0f0"]}


def test_a_port_that_faces_two_is_used_once() -> None:
    hosts = pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24", A1: "10.5.0.2/24"})
    hosts = change(hosts, "a", A0, addresses=(IPv4Interface("10.0.0.1/24"), IPv4Interface("10.5.0.1/24")))
    assert {host: len(each) for host, each in devices(plan_fabric(hosts)).items()} == {"a": 1, "b": 1}


PROVED = {("a", A0, "b", A1), ("b", B1, "a", B0)}


def test_links_by_what_reached_what() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "10.0.1.1/24"}, {A1: "10.0.0.2/24", B1: "10.0.1.2/24"})
    fabric = plan_fabric(hosts, PROVED)
    assert [link.proved for link in fabric.links] == [True, True]
    assert (devices(fabric), fabric.findings) == ({"a": P0, "b": P1}, ())
    assert not any(link.proved for link in plan_fabric(hosts).links)


def test_a_network_that_is_not_reached_is_no_link() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "10.0.1.1/24"}, {A1: "10.0.0.2/24", B1: "10.0.1.2/24"})
    fabric = plan_fabric(hosts, {("a", A0, "b", A1), ("a", "gone", "b", A1)})
    assert devices(fabric) == {"a": ["rocep1s0f0"], "b": ["rocep1s0f1"]}
    assert told(fabric) == [("fail", "net.peer", "a"), ("fail", "net.peer", "b")]
    assert plan_fabric(hosts, set()).topology == "none"


def test_one_network_on_all_ports_is_a_ring_where_that_is_what_was_reached() -> None:
    hosts = {
        f"n{number}": spark(number, {A0: f"10.0.0.{number}/24", A1: f"10.0.0.{10 + number}/24"})
        for number in (1, 2, 3)
    }
    assert plan_fabric(hosts).topology == "switch"
    reached = {("n1", A0, "n2", A1), ("n2", A0, "n3", A1), ("n3", A0, "n1", A1)}
    assert plan_fabric(hosts, reached).topology == "ring"


def test_ports_that_reach_each_other_without_addresses_are_a_link() -> None:
    hosts = pair({A0: "", B0: ""}, {A0: "", B0: ""})
    fabric = plan_fabric(hosts, {("a", A0, "b", A0)})
    assert [(link.ends, link.subnet) for link in fabric.links] == [
        ((End("a", A0), End("b", A0)), None),
        ((End("a", B0), End("b", B0)), None),
    ]
    assert fabric.control["a"].netdev == "enP7s7"


def test_what_is_joined_by_more_than_one_path_at_once() -> None:
    hosts = switch(3)
    reached = {("n0001", A0, "n0002", A0), ("n0002", A0, "n0003", A0), ("n0001", A0, "n0003", A0)}
    assert plan_fabric(hosts, reached).topology == "switch"


def test_a_chain_without_cables_takes_the_hosts_as_they_come() -> None:
    fabric = plan_fabric({"c": spark(1), "a": spark(2), "b": spark(3)})
    assert chain(fabric, "a") == ("a", "c", "b")


def test_a_ring_of_eight_as_a_chain() -> None:
    fabric = plan_fabric(ring(8))
    order = chain(fabric, "n0005")
    assert order == ("n0005", "n0006", "n0007", "n0000", "n0001", "n0002", "n0003", "n0004")
