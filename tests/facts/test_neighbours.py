"""Whom a simulated host has met, and which way its packets go."""

from ipaddress import IPv4Address

import pytest
from tests.fixtures.record import ask
from tests.fixtures.recorded import answers

from sparkup.facts.neighbours import NEIGHBOURS, ROUTES, default, parse_neighbours, parse_routes, way
from sparkup.facts.tools.ip_route import Route

NO_IP = {"status": None, "out": "", "err": "", "missing": True}


@pytest.mark.parametrize("with_ip", [True, False])
def test_those_who_answered(with_ip: bool) -> None:
    recorded = answers("neighbours", "spark1")
    told = parse_neighbours(recorded if with_ip else {**recorded, "ip": NO_IP})
    assert {(each.address, each.netdev, each.mac) for each in told} == {
        ("192.168.176.12", "enP7s7", "4c:bb:47:b2:01:02"),
        ("192.168.177.12", "enp1s0f1np1", "4c:bb:47:b0:01:02"),
        ("192.168.178.12", "enP2p1s0f1np1", "4c:bb:47:b1:01:02"),
    }


@pytest.mark.parametrize("odd", ["junk", "192.168.177.999", "fe80::1"])
def test_an_address_that_is_none_of_ipv4_is_left_out(odd: str) -> None:
    recorded = answers("neighbours", "spark1")
    out = recorded["ip"]["out"].replace("192.168.177.12", odd)
    told = parse_neighbours({**recorded, "ip": {**recorded["ip"], "out": out}})
    assert [each.address for each in told if each.netdev == "enp1s0f1np1"] == []
    assert len(told) == 2


@pytest.mark.parametrize("with_ip", [True, False])
def test_routes(with_ip: bool) -> None:
    recorded = answers("routes", "spark1")
    table = parse_routes(recorded if with_ip else {**recorded, "ip": NO_IP})
    assert [(route.to, route.netdev, route.gateway) for route in table] == [
        ("0.0.0.0/0", "enP7s7", "192.168.176.1"),
        ("192.168.176.0/24", "enP7s7", None),
        ("192.168.177.0/24", "enp1s0f1np1", None),
        ("192.168.178.0/24", "enP2p1s0f1np1", None),
    ]
    assert default(table) == table[0]
    assert way(table, IPv4Address("192.168.178.12")) == table[3]
    assert way(table, IPv4Address("9.9.9.9")) == table[0]


def test_the_narrowest_network_and_then_the_least_metric() -> None:
    table = (
        Route("0.0.0.0/0", "wlP9s9", "10.0.0.1", metric=600),
        Route("0.0.0.0/0", "enP7s7", "10.0.0.1", metric=100),
        Route("10.1.0.0/16", None, kind="unreachable"),
        Route("10.1.2.0/24", "enp1s0f1np1"),
    )
    assert way(table, IPv4Address("10.1.2.3")) == table[3]
    assert way(table, IPv4Address("10.1.9.9")) == table[2]
    assert way(table, IPv4Address("8.8.8.8")) == default(table) == table[1]
    assert way(table[2:], IPv4Address("8.8.8.8")) is None
    assert default(table[2:]) is None


def test_this_machine_can_be_asked() -> None:
    assert isinstance(parse_neighbours(ask(NEIGHBOURS, "python3")), tuple)
    assert isinstance(parse_routes(ask(ROUTES, "python3")), tuple)
