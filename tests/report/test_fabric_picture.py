"""A fabric as text and as a drawing."""

import json
import xml.etree.ElementTree as ET
from dataclasses import asdict
from ipaddress import IPv4Interface

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
    netplan,
    pair,
    port,
    ring,
    sample,
    spark,
    switch,
)
from tests.planning.test_fabric import CABLES, LEFT, mixed

from sparkup.domain.fabric import Interface
from sparkup.planning.fabric import plan_fabric
from sparkup.report.fabric_picture import text
from sparkup.report.fabric_svg import svg
from sparkup.report.json_line import json_line

SVG = "{http://www.w3.org/2000/svg}"
BAD = netplan(TOPOLOGIES / "same_subnet_all_four_bad.yaml")
ALL: dict[str, Hosts] = {
    "pair": sample("pair_port1_two_subnets"),
    "other cage": sample("pair_mixed_ports"),
    "two cables": pair(LEFT, CABLES["crossed"]),
    "one network": pair(BAD, {name: each.replace("10.0.1.", "10.0.2.") for name, each in BAD.items()}),
    "ring of three": as_reported(),
    "slow ring": sample("mesh3_ring_nvidia", 1500),
    "ring of four": sample("ring4_eugr"),
    "ring of eight": ring(8),
    "switch of four": switch(4, subnets=1),
    "switch of eight": switch(8),
    "switch, both cages": switch(8, ports=(A0, A1, B0, B1)),
    "mixed": mixed(),
    "none": {"a": spark(1), "b": spark(2)},
    "tcp": {"a": (), "b": ()},
    "solo": {"a": spark(1)},
}


def test_one_device_is_one() -> None:
    assert ", 1 device on each\n" in text(plan_fabric(pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24"})))


def test_a_pair_in_different_cages() -> None:
    assert (
        text(plan_fabric(sample("pair_mixed_ports")))
        == """\
nodeA and nodeB, one cable: RDMA (RoCE), 2 devices on each

nodeA p1 ═════ p0 nodeB                                       200 Gb/s, MTU 9000
    enp1s0f1np1 192.168.100.11/24 ── enp1s0f0np0 192.168.100.12/24
    enP2p1s0f1np1 192.168.200.17/24 ── enP2p1s0f0np0 192.168.200.18/24

hosts find each other over:
    nodeA enp1s0f1np1 192.168.100.11, nodeB enp1s0f0np0 192.168.100.12
"""
    )


def test_the_other_cage_shows_as_another_line_and_nothing_else() -> None:
    straight = text(plan_fabric(pair({A1: "10.0.0.1/24", B1: ""}, {A1: "10.0.0.2/24", B1: ""})))
    moved = text(plan_fabric(pair({A1: "10.0.0.1/24", B1: ""}, {A0: "10.0.0.2/24", B0: ""})))
    assert "a p1 ═════ p1 b" in straight
    assert moved == straight.replace("p1 b ", "p0 b ").replace(f"── {A1}", f"── {A0}").replace(
        f"── {B1}", f"── {B0}"
    ).replace(f"b {A1}", f"b {A0}")


def test_a_switch_with_one_network_and_what_is_said_of_it() -> None:
    assert (
        text(plan_fabric(switch(3, subnets=1)))
        == """\
switch of 3 hosts: RDMA (RoCE), 2 devices on each

switch                                                        200 Gb/s, MTU 9000
╠═ p0 n0001  enp1s0f0np0 10.100.0.5/16  enP2p1s0f0np0 10.100.0.6/16
╠═ p0 n0002  enp1s0f0np0 10.100.0.9/16  enP2p1s0f0np0 10.100.0.10/16
╚═ p0 n0003  enp1s0f0np0 10.100.0.13/16  enP2p1s0f0np0 10.100.0.14/16

hosts find each other over:
    n0001 enp1s0f0np0 10.100.0.5, n0002 enp1s0f0np0 10.100.0.9,
    n0003 enp1s0f0np0 10.100.0.13

WARN  net.addr  n0001, n0002, n0003
      enp1s0f0np0, enP2p1s0f0np0 are in one network, 10.100.0.0/16: what is sent
      may take the wrong port
      → give each port of a host a network of its own, in netplan on all hosts,
        then: sudo netplan apply
"""
    )


@pytest.mark.parametrize("name", ALL)
def test_it_fits_a_terminal_and_names_every_host_and_finding(name: str) -> None:
    fabric = plan_fabric(ALL[name])
    drawn = text(fabric)
    assert all(len(line) <= 80 for line in drawn.splitlines()), drawn
    assert all(host in drawn for host in fabric.hosts) or name == "tcp"
    assert all(each.code in drawn for each in fabric.findings)
    assert all(end.netdev in drawn for link in fabric.links for end in link.ends)
    assert drawn.endswith("\n")


def test_long_names_break_lines_and_nothing_else() -> None:
    hosts = {f"{host}-with-a-long-name-of-a-department": mine for host, mine in switch(3).items()}
    drawn = text(plan_fabric(hosts))
    assert "║     enp1s0f0np0 10.100.0.2/16" in drawn
    first, second = (f"{letter * 60}" for letter in "ab")
    drawn = text(plan_fabric({first: ALL["pair"]["node1"], second: ALL["pair"]["node2"]}))
    assert f"{first} p1 ═════ p1 {second}\n    200 Gb/s, MTU 9000\n" in drawn


def test_ports_that_are_up_and_not_used() -> None:
    hosts = pair({A0: "10.0.0.1/24", B0: "", A1: "10.9.0.1/24"}, {A0: "10.0.0.2/24", B0: ""})
    other = change(
        port(hosts, "b", B1, state="ACTIVE"), "b", B1, carrier=True, device_id="15b3:101d", cage=None
    )
    drawn = text(plan_fabric(other))
    assert f"not used: a p1 {A1} 10.9.0.1/24\nnot used: b {B1}\n" in drawn
    assert f"    {B0} ── {B0}  (no addresses)\n" in drawn


def test_nothing_at_all() -> None:
    assert text(plan_fabric({})) == "no host: one host alone, so no link was looked for\n"
    assert text(plan_fabric({"a": ()})) == "a: one host alone, so no link was looked for\n"


def test_what_would_move_a_cursor_is_not_shown() -> None:
    address = (IPv4Interface("10.0.0.1/24"),)
    odd = tuple(Interface(f"eth{index}\x1b[2J", addresses=address) for index in (0, 1))
    fabric = plan_fabric({"a": odd, "b": odd})
    assert "\x1b" not in text(fabric) + svg(fabric)


@pytest.mark.parametrize("name", ALL)
def test_the_drawing_is_well_formed_and_has_all_hosts_and_findings(name: str) -> None:
    fabric = plan_fabric(ALL[name])
    drawn = ET.fromstring(svg(fabric))  # noqa: S314
    assert drawn.tag == f"{SVG}svg"
    words = [each.text or "" for each in drawn.iter(f"{SVG}text")]
    assert all(host in words for host in fabric.hosts)
    assert all(any(each.code in word for word in words) for each in fabric.findings)
    assert all(str(link.subnet) in words for link in fabric.links if link.subnet)
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    for each in drawn.iter(f"{SVG}rect"):
        assert 0 <= float(each.attrib["x"]) <= width - float(each.attrib["width"])
        assert 0 <= float(each.attrib["y"]) <= height - float(each.attrib["height"])


def test_a_drawing_of_names_with_signs_of_xml() -> None:
    hosts = {"<a&b>": ALL["pair"]["node1"], "c" * 40: ALL["pair"]["node2"]}
    words = [each.text for each in ET.fromstring(svg(plan_fabric(hosts))).iter(f"{SVG}text")]  # noqa: S314
    assert "<a&b>" in words
    assert f"{'c' * 18}…" in words


def test_one_line_a_cable() -> None:
    for name, cables in (("pair", 1), ("two cables", 2), ("ring of eight", 8), ("switch of eight", 8)):
        drawn = ET.fromstring(svg(plan_fabric(ALL[name])))  # noqa: S314
        assert len(list(drawn.iter(f"{SVG}line"))) == cables, name


def test_as_json() -> None:
    told = json.loads(json_line(asdict(plan_fabric(sample("pair_mixed_ports")))))
    assert told["topology"] == "pair"
    assert told["links"][0]["subnet"] == "192.168.100.0/24"
    assert told["control"]["nodeB"] == {"netdev": A0, "address": "192.168.100.12"}
