"""What is said of ports and paths that are not as they should be."""

from dataclasses import replace
from ipaddress import IPv4Interface

import pytest
from tests.planning.fabrics import (
    A0,
    A1,
    B0,
    B1,
    WIFI,
    Hosts,
    change,
    devices,
    finding,
    pair,
    port,
    ring,
    sample,
    spark,
    switch,
    told,
)
from tests.planning.test_fabric import CABLES, LEFT, PROVED

from sparkup.domain.fabric import Interface, RdmaDevice
from sparkup.planning.fabric import plan_fabric

PAIR = sample("pair_port1_two_subnets")
NONE = {"addresses": ()}


def address(text: str) -> tuple[IPv4Interface, ...]:
    return (IPv4Interface(text),)


def test_failures_come_first_and_nothing_twice() -> None:
    hosts = change(PAIR, "node1", A1, mtu=1500)
    fabric = plan_fabric(port(hosts, "node2", B1, rate=100.0))
    assert told(fabric) == [("fail", "net.mtu", "node1, node2"), ("warn", "net.speed", "node2")]


def test_different_mtus_on_the_ends_of_a_link() -> None:
    only = finding(plan_fabric(change(PAIR, "node1", A1, mtu=1500)), "net.mtu")
    assert only.level == "fail"
    assert only.message == (
        f"the ends of a link have different MTUs: 1500 on {A1} of node1; 9000 on {A1} of node2"
    )
    assert only.hint.startswith("mtu: 9000 in netplan")


def test_a_small_mtu_everywhere_is_said_once() -> None:
    fabric = plan_fabric(sample("mesh3_ring_nvidia", mtu=1500))
    only = finding(fabric, "net.mtu")
    assert (only.level, only.where) == ("warn", "node1, node2, node3")
    assert only.message.startswith("MTU 1500 on ")


def test_an_mtu_that_is_not_known_is_not_judged() -> None:
    hosts = {host: tuple(replace(each, mtu=None) for each in mine) for host, mine in PAIR.items()}
    assert plan_fabric(hosts).findings == ()


def test_a_slow_port() -> None:
    only = finding(plan_fabric(port(PAIR, "node2", A1, rate=100.0)), "net.speed")
    assert (only.level, only.where) == ("warn", "node2")
    assert only.message == "port p1 (enp1s0f1np1) runs at 100 Gb/s, not at 200"
    assert plan_fabric(port(PAIR, "node2", A1, rate=None)).findings == ()


def test_the_rate_of_a_port_that_is_down_means_nothing() -> None:
    assert all(each.rdma is None or each.rdma.rate in (40.0, 200.0) for each in PAIR["node1"])
    assert plan_fabric(PAIR).findings == ()


def dead(hosts: Hosts, host: str, netdev: str, how: str) -> Hosts:
    """Return hosts one port of which is down, as only one of three things that are asked tells."""
    if how == "rdma":
        return port(hosts, host, netdev, state="DOWN", rate=40.0)
    return change(hosts, host, netdev, **{how: False})


@pytest.mark.parametrize("how", ["rdma", "up", "carrier"])
@pytest.mark.parametrize("twins", [LEFT, {A1: "10.0.0.1/24", B1: ""}])
def test_a_twin_that_is_down(twins: dict[str, str], how: str) -> None:
    hosts = pair(twins, CABLES["straight"] if twins is LEFT else {A1: "10.0.0.2/24", B1: ""})
    hosts = dead(hosts, "b", B1, how)
    fabric = plan_fabric(hosts)
    assert told(fabric) == [("warn", "net.twins", "b")]
    assert fabric.findings[0].message == (
        f"{B1}, the twin of {A1}, is down: half of the bandwidth is lost, on all hosts of this link"
    )
    assert {len(each) for each in devices(fabric).values()} == {3 if twins is LEFT else 1}


def test_a_twin_that_was_put_down_by_hand() -> None:
    hosts = change(PAIR, "node2", B1, up=False)
    assert finding(plan_fabric(hosts), "net.twins").hint == f"sudo ip link set dev {B1} up"


def test_a_twin_without_light_because_its_other_end_was_put_down_is_said_of_that_end() -> None:
    hosts = change(PAIR, "node2", B1, up=False)
    assert told(plan_fabric(dead(hosts, "node1", B1, "carrier"))) == [("warn", "net.twins", "node2")]
    torn = dead(dead(PAIR, "node1", B1, "carrier"), "node2", B1, "carrier")
    assert told(plan_fabric(torn)) == [("warn", "net.twins", "node1"), ("warn", "net.twins", "node2")]


def test_a_twin_that_does_not_show() -> None:
    hosts = {**PAIR, "node2": tuple(each for each in PAIR["node2"] if each.netdev not in (B0, B1))}
    fabric = plan_fabric(hosts)
    assert told(fabric) == [("warn", "net.twins", "node2")]
    assert "has no twin" in fabric.findings[0].message
    assert devices(fabric) == {"node1": ["rocep1s0f1"], "node2": ["rocep1s0f1"]}


def test_twins_that_show_on_neither_of_two_sparks() -> None:
    hosts = {host: tuple(each for each in mine if each.netdev not in (B0, B1)) for host, mine in PAIR.items()}
    assert plan_fabric(hosts).findings == ()  # two other machines with such an adapter look the same
    assert told(plan_fabric(hosts, sparks=["node1"])) == [("warn", "net.twins", "node1")]


def test_twins_in_one_network() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "10.0.0.3/24"}, {A0: "10.0.0.2/24", B0: "10.0.0.4/24"})
    fabric = plan_fabric(hosts)
    only = finding(fabric, "net.addr")
    assert (only.level, only.where) == ("warn", "a, b")
    assert only.message.startswith(f"{A0}, {B0} are in one network, 10.0.0.0/24")
    assert {len(each) for each in devices(fabric).values()} == {2}
    assert fabric.topology == "pair"


def test_twins_in_different_networks_on_the_ends_of_a_cable() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "10.0.1.1/24"}, {A0: "10.0.0.2/24", B0: "10.0.7.2/24"})
    fabric = plan_fabric(hosts)
    assert told(fabric) == [("warn", "net.addr", "a"), ("warn", "net.addr", "b")]
    assert fabric.findings[0].message == (
        f"{B0}, 10.0.1.1/24, faces 10.0.7.2/24 on b: half of the bandwidth is lost"
    )


def test_a_twin_with_an_address_that_faces_one_without() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "10.0.1.1/24"}, {A0: "10.0.0.2/24", B0: ""})
    fabric = plan_fabric(hosts)
    assert told(fabric) == [("warn", "net.addr", "a")]
    assert "faces no address on b" in fabric.findings[0].message


def test_addresses_that_hosts_gave_themselves() -> None:
    own = {A0: "169.254.1.1/16", B0: "169.254.1.2/16"}
    fabric = plan_fabric(pair(own, {A0: "169.254.1.3/16", B0: "169.254.1.4/16"}))
    assert fabric.topology == "none"
    assert told(fabric) == [
        ("fail", "net.addr", ""),
        ("warn", "net.addr", "a"),
        ("warn", "net.addr", "b"),
    ]
    assert "169.254" in fabric.findings[1].message


def test_a_twin_that_gave_itself_an_address_follows_its_sibling() -> None:
    fabric = plan_fabric(
        pair({A0: "10.0.0.1/24", B0: "169.254.1.2/16"}, {A0: "10.0.0.2/24", B0: "169.254.1.4/16"})
    )
    assert {len(each) for each in devices(fabric).values()} == {2}
    assert told(fabric) == [("note", "net.addr", "a"), ("note", "net.addr", "b")]


def test_a_second_port_that_is_up_and_has_no_address() -> None:
    hosts = pair({A0: "10.0.0.1/24", A1: "", B1: ""}, {A0: "10.0.0.2/24"})
    fabric = plan_fabric(hosts)
    assert [each for each in told(fabric) if each[1] == "net.addr"] == [("note", "net.addr", "a")]
    assert finding(fabric, "net.addr").message == f"port p1 ({A1}) is up and has no address: it is left out"


def test_a_second_port_to_elsewhere_whose_twin_has_the_address() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "", A1: "", B1: "10.8.0.1/24"}, {A0: "10.0.0.2/24", B0: ""})
    assert told(plan_fabric(hosts)) == [("note", "net.cable", "a")]


def test_an_end_that_is_down() -> None:
    hosts = pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24"})
    fabric = plan_fabric(port(hosts, "b", A0, state="DOWN"))
    assert told(fabric) == [("fail", "net.state", "b"), ("fail", "net.state", "b")]
    assert [each.message for each in fabric.findings] == [
        "no RDMA (RoCE) port of b is up",
        f"port p0 ({A0}), which is to reach 10.0.0.0/24, is down",
    ]
    assert fabric.topology == "none"


@pytest.mark.parametrize("how", ["rdma", "up", "carrier"])
def test_a_second_cable_that_is_down(how: str) -> None:
    hosts = pair(LEFT, CABLES["straight"])
    for netdev in (A1, B1):
        hosts = dead(hosts, "b", netdev, how)
    fabric = plan_fabric(hosts)
    assert fabric.topology == "pair"
    assert told(fabric) == [("warn", "net.state", "b"), ("warn", "net.state", "b")]


def test_a_port_that_is_down_and_not_for_these_hosts_is_nothing() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "", A1: "10.8.0.1/24"}, {A0: "10.0.0.2/24", B0: ""})
    assert plan_fabric(port(hosts, "a", A1, state="DOWN")).findings == ()


def test_no_answer_over_a_network_that_both_have() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "10.0.1.1/24"}, {A1: "10.0.0.2/24", B1: "10.0.1.2/24"})
    fabric = plan_fabric(hosts, {next(each for each in PROVED if A0 in each)})
    assert [each.message for each in fabric.findings] == [
        f"nothing answers port p0 ({B0}) in 10.0.1.0/24",
        f"nothing answers port p1 ({B1}) in 10.0.1.0/24",
    ]


def test_hosts_whose_ports_are_in_different_networks() -> None:
    fabric = plan_fabric(pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/16"}))
    only = finding(fabric, "net.addr")
    assert (only.level, fabric.topology) == ("fail", "none")
    assert only.message == (
        "the RDMA ports of the hosts have no network in common: they are in 10.0.0.0/24 (a), 10.0.0.0/16 (b)"
    )
    assert only.hint.startswith("a network for each twin, the same on all hosts")


def test_hosts_without_any_address_on_their_ports() -> None:
    fabric = plan_fabric(pair({A0: "", B0: ""}, {A0: "", B0: ""}))
    assert (
        fabric.findings[0].message
        == "the RDMA ports of the hosts have no network in common and have no addresses"
    )


def test_cables_that_are_not_plugged_in() -> None:
    fabric = plan_fabric({"a": spark(1), "b": spark(2)})
    assert told(fabric) == [("fail", "net.state", "a, b")]
    assert fabric.findings[0].hint == "plug in the cable, on both ends"


def test_ports_that_were_put_down_on_one_host_of_two() -> None:
    """Packets go nowhere: it is the end that is down of which that is said, with what puts it up."""
    hosts = PAIR
    for netdev in (A1, B1):
        hosts = change(hosts, "node2", netdev, up=False)
    fabric = plan_fabric(hosts, set())
    assert told(fabric) == [("fail", "net.state", "node2")] * 3
    first, *each = fabric.findings
    up = [f"sudo ip link set dev {netdev} up" for netdev in (A1, B1)]
    assert (first.message, first.hint) == (
        "no RDMA (RoCE) port of node2 is up",
        f"on node2: {up[0]}, on node2: {up[1]}",
    )
    assert [one.hint for one in each] == up


def without_rdma(number: int) -> tuple[Interface, ...]:
    return tuple(each for each in spark(number) if not each.rdma)


def test_no_rdma_device_on_one_host() -> None:
    fabric = plan_fabric({"a": spark(1, {A0: "10.0.0.1/24"}), "b": without_rdma(2)})
    assert told(fabric, "fail") == [("fail", "net.cx7", "b")]
    assert not fabric.rdma


def test_no_rdma_device_on_any_host() -> None:
    hosts = {"a": without_rdma(1), "b": without_rdma(2)}
    assert told(plan_fabric(hosts)) == [("warn", "net.tcp", "")]
    fabric = plan_fabric(hosts, sparks=["a", "b"])
    assert told(fabric) == [("fail", "net.cx7", "a, b"), ("warn", "net.tcp", "")]
    assert "reboot the hosts on both of its ends" in fabric.findings[0].hint


def test_hosts_that_make_two_pairs() -> None:
    hosts = {
        "a": spark(1, {A0: "10.0.0.1/24"}),
        "b": spark(2, {A0: "10.0.0.2/24"}),
        "c": spark(3, {A0: "10.0.5.1/24"}),
        "d": spark(4, {A0: "10.0.5.2/24"}),
    }
    only = finding(plan_fabric(hosts), "net.cable")
    assert (only.level, only.message) == ("fail", "hosts are not joined with each other: a, b; c, d")
    more = {
        f"{host}{index}": spark(index, {A0: f"10.{index // 2}.0.{index % 2 + 1}/24"})
        for index, host in enumerate("aabbccdd")
    }
    assert finding(plan_fabric(more), "net.cable").message.endswith("; …")


def test_a_ring_that_is_open() -> None:
    hosts = ring(4)
    for netdev in (A0, B0):
        hosts = change(hosts, "n0003", netdev, **NONE)
    fabric = plan_fabric(hosts)
    assert fabric.topology == "mixed"
    assert told(fabric, "fail") == [("fail", "net.cable", "")]
    assert "make no ring" in fabric.findings[0].message


def test_two_switches_that_share_a_host_are_no_ring() -> None:
    hosts = switch(5)
    for number in (4, 5):
        for netdev in (A0, B0):
            hosts = change(hosts, f"n000{number}", netdev, addresses=address(f"10.7.0.{number}/24"))
    hosts = change(
        port(hosts, "n0001", A1, state="ACTIVE"), "n0001", A1, carrier=True, addresses=address("10.7.0.1/24")
    )
    assert plan_fabric(hosts).topology == "mixed"


def test_a_ring_with_a_cable_from_p0_to_p0() -> None:
    hosts = ring(3)
    for one, other in ((A0, A1), (B0, B1)):
        here = {each.netdev: each.addresses for each in hosts["n0001"]}
        hosts = change(hosts, "n0001", one, addresses=here[other])
        hosts = change(hosts, "n0001", other, addresses=here[one])
    fabric = plan_fabric(hosts)
    assert fabric.topology == "ring"
    where = [each.where for each in fabric.findings if each.code == "net.cable"]
    assert where == ["n0000, n0001", "n0001, n0002"]
    assert told(fabric, "warn") == [("warn", "net.cable", each) for each in where]


def test_a_ring_whose_twins_have_no_addresses_uses_one_of_each() -> None:
    hosts = ring(3)
    for host in hosts:
        for netdev in (B0, B1):
            hosts = change(hosts, host, netdev, **NONE)
    fabric = plan_fabric(hosts)
    assert fabric.topology == "ring"
    assert devices(fabric)["n0001"] == ["rocep1s0f0", "rocep1s0f1"]
    assert told(fabric, "warn") == [("warn", "net.addr", "n0000, n0001, n0002")]


def test_a_ring_of_addresses_that_hosts_gave_themselves_is_refused() -> None:
    hosts = ring(3)
    for number, host in enumerate(hosts):
        for place, netdev in enumerate((A0, A1, B0, B1)):
            hosts = change(hosts, host, netdev, addresses=address(f"169.254.{number}.{place + 1}/16"))
    cables = {(f"n000{number}", A0, f"n000{(number + 1) % 3}", A1) for number in range(3)}
    fabric = plan_fabric(hosts, cables)
    assert (fabric.topology, fabric.rdma) == ("ring", False)
    assert told(fabric, "fail") == [("fail", "net.addr", "n0000, n0001, n0002")]


def test_a_pair_of_addresses_that_hosts_gave_themselves_is_used_where_packets_went() -> None:
    hosts = pair({A0: "169.254.1.1/16"}, {A0: "169.254.1.3/16"})
    fabric = plan_fabric(hosts, {("a", A0, "b", A0)})
    assert devices(fabric) == {"a": ["rocep1s0f0"], "b": ["rocep1s0f0"]}
    assert [each for each in told(fabric) if each[1] == "net.addr"] == [
        ("warn", "net.addr", "a"),
        ("warn", "net.addr", "b"),
    ]


def test_a_twin_that_one_of_many_lacks_costs_all_of_them() -> None:
    fabric = plan_fabric(port(switch(4), "n0002", B0, state="DOWN"))
    assert fabric.topology == "switch"
    assert {len(each) for each in devices(fabric).values()} == {1}
    assert told(fabric) == [("warn", "net.twins", "n0002")]


def test_addresses_that_are_there_twice() -> None:
    hosts = change(PAIR, "node2", A1, addresses=address("192.168.177.11/24"))
    only = finding(plan_fabric(hosts), "net.addr")
    assert (only.level, only.where) == ("fail", "node1, node2")
    assert only.message == f"192.168.177.11 is there 2 times: {A1} of node1, {A1} of node2"


def test_a_bond_over_rdma_ports() -> None:
    bond = Interface("bond0", kind="bond", addresses=address("10.0.0.1/24"), up=True, carrier=True)
    mine = tuple(
        replace(each, master="bond0") if each.netdev in (A0, A1) else each
        for each in spark(1, up=(A0, A1, B0, B1))
    )
    fabric = plan_fabric({"a": (*mine, bond), "b": spark(2, {A0: "10.0.0.2/24"})})
    only = finding(fabric, "net.bond")
    assert (only.level, only.where) == ("warn", "a")
    assert only.message == f"bond0 bonds RDMA ports ({A0}, {A1}): NCCL fails over bonds"


def test_a_bond_with_an_rdma_device_of_its_own() -> None:
    device = RdmaDevice("mlx5_bond_0", "ACTIVE", "LinkUp", 200.0, "Ethernet")
    bond = Interface("bond0", kind="bond", addresses=address("10.0.0.1/24"), mtu=9000, rdma=device)
    fabric = plan_fabric({"a": (bond,), "b": spark(2, {A0: "10.0.0.2/24"})})
    assert devices(fabric) == {"a": ["mlx5_bond_0"], "b": ["rocep1s0f0"]}
    assert "its own device" in finding(fabric, "net.bond").message


def test_a_bond_of_other_ports_is_nothing() -> None:
    bond = Interface("bond0", kind="bond", addresses=address("10.4.0.1/24"), up=True)
    assert plan_fabric({**PAIR, "node1": (*PAIR["node1"], bond)}).findings == ()


def test_infiniband() -> None:
    hosts = port(PAIR, "node1", A0, link_layer="InfiniBand")
    only = finding(plan_fabric(hosts), "net.link-layer")
    assert (only.level, only.where) == ("note", "node1")
    hosts = pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24"})
    fabric = plan_fabric(port(hosts, "a", A0, link_layer="InfiniBand"))
    assert told(fabric) == [
        ("fail", "net.state", "a"),
        ("note", "net.link-layer", "a"),
    ]


def ring_over(**other: tuple[IPv4Interface, ...]) -> Hosts:
    """Return a ring of three whose management ports have these addresses."""
    hosts = ring(3)
    for host, addresses in other.items():
        hosts = change(hosts, host, "enP7s7", addresses=addresses)
    return hosts


def test_a_ring_without_a_network_that_joins_all() -> None:
    fabric = plan_fabric(ring_over(n0001=address("10.99.0.1/24")))
    assert fabric.control == {}
    only = finding(fabric, "net.mgmt")
    assert (only.level, only.where) == ("fail", "n0001")
    assert only.message == "no network joins all hosts: n0001 has no address in 10.6.0.0/16, where others are"
    nothing = plan_fabric(ring_over(n0000=(), n0001=(), n0002=()))
    assert (
        "where others are" in finding(nothing, "net.mgmt").message
    )  # the fabric's own networks join two each


def test_hosts_that_have_no_network_at_all() -> None:
    hosts = {"a": (Interface("eth0"),), "b": (Interface("eth0", addresses=address("10.0.0.1/24")),)}
    fabric = plan_fabric(hosts)
    assert finding(fabric, "net.mgmt").message == "no network joins all hosts"
    assert finding(plan_fabric({"a": (), "b": ()}), "net.mgmt").message == "no network joins all hosts"


def test_a_network_in_which_all_have_one_address_joins_nobody() -> None:
    docker = Interface("docker0", kind="bridge", addresses=address("172.17.0.1/16"))
    fabric = plan_fabric({"a": (docker,), "b": (docker,)})
    assert finding(fabric, "net.mgmt").message == "no network joins all hosts"


def test_wifi_where_there_is_nothing_else() -> None:
    hosts = ring_over(n0000=(), n0001=(), n0002=())
    for number, host in enumerate(hosts, 1):
        radio = replace(WIFI, addresses=address(f"192.168.1.{number}/24"))
        hosts[host] = (*hosts[host], radio)
    fabric = plan_fabric(hosts)
    assert {each.netdev for each in fabric.control.values()} == {"wlP9s9"}
    only = finding(fabric, "net.mgmt")
    assert (only.level, "over Wi-Fi" in only.message) == ("warn", True)


def test_a_wire_is_preferred_and_the_faster_of_two() -> None:
    hosts = ring(3)
    for number, host in enumerate(hosts, 1):
        radio = replace(WIFI, addresses=address(f"192.168.1.{number}/24"))
        slow = Interface("usb0", speed=1000, up=True, carrier=True, addresses=address(f"10.1.0.{number}/24"))
        off = Interface("usb1", speed=40000, carrier=False, addresses=address(f"10.0.9.{number}/24"))
        down = Interface("usb2", speed=40000, up=False, addresses=address(f"10.0.8.{number}/24"))
        hosts[host] = (slow, off, down, radio, *hosts[host])
    fabric = plan_fabric(hosts)
    assert {each.netdev for each in fabric.control.values()} == {"enP7s7"}
    assert [each.code for each in fabric.findings] == ["net.ring"]


def test_two_ways_into_one_network() -> None:
    hosts = ring(3)
    radio = replace(WIFI, addresses=address("10.6.9.9/16"))
    hosts["n0001"] = (radio, *hosts["n0001"])
    hosts["n0002"] = (*hosts["n0002"], radio)
    fabric = plan_fabric(hosts)
    assert {each.netdev for each in fabric.control.values()} == {"enP7s7"}
