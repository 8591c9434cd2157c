"""What holds of every fabric, whatever is plugged into what."""

import time
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.fabrics import A0, A1, B0, B1, PORTS, Hosts, ring, spark, switch

from sparkup.domain.fabric import Fabric, Interface
from sparkup.planning.fabric import plan_fabric
from sparkup.planning.fabric_environment import environments
from sparkup.planning.fabric_topology import chain

MANY = settings(deadline=None, max_examples=60)
CAGES = {"p0": (A0, B0), "p1": (A1, B1)}


@st.composite
def on_a_switch(draw: st.DrawFn) -> Hosts:
    """Return hosts that have a network in common: any cage, any twin with or without an address, or down."""
    hosts: Hosts = {}
    crossed = draw(st.booleans())
    for number in range(1, draw(st.integers(2, 5)) + 1):
        given: dict[str, str] = {}
        for cage, twins in CAGES.items():
            first, second = reversed(twins) if crossed and draw(st.booleans()) else twins
            if cage == "p0" or draw(st.booleans()):
                block = draw(st.sampled_from([0, 1])) if cage == "p1" else 0
                given[first] = f"10.{block}.0.{number}/24"
                twin = draw(st.sampled_from(["none", "down", "same", "own"]))
                own = {
                    "none": "",
                    "same": f"10.{block}.0.{number + 100}/24",
                    "own": f"10.{block + 4}.0.{number}/24",
                }
                given |= {} if twin == "down" else {second: own[twin]}
        hosts[f"h{number}"] = spark(number, given)
    return hosts


@st.composite
def anything(draw: st.DrawFn) -> Hosts:
    """Return hosts whose ports are in any of a few networks, or in none, or down."""
    networks = st.sampled_from(
        ["", "10.0.0.{}/24", "10.0.1.{}/24", "10.0.2.{}/24", "10.0.0.{}/16", "169.254.0.{}/16"]
    )
    hosts: Hosts = {}
    for number in range(1, draw(st.integers(1, 5)) + 1):
        up = draw(st.sets(st.sampled_from(list(PORTS))))
        addresses = {
            netdev: draw(networks).format(number * 8 + i) for i, netdev in enumerate(PORTS) if netdev in up
        }
        hosts[f"h{number}"] = spark(number, addresses, draw(st.sampled_from([1500, 9000])))
    return hosts


@MANY
@given(on_a_switch())
def test_devices_at_one_index_of_two_hosts_are_on_one_link(hosts: Hosts) -> None:
    fabric = plan_fabric(hosts)
    links = [{(end.host, end.netdev) for end in link.ends} for link in fabric.links]
    assert len({len(mine) for mine in fabric.rails.values()}) == 1
    assert fabric.rdma
    for row in zip(*fabric.rails.values(), strict=True):
        facing = {(host, each.netdev) for host, each in zip(fabric.rails, row, strict=True)}
        assert any(facing <= link for link in links)
        networks = [{address.network for address in each.fixed} for each in row if each.fixed]
        assert not networks or set.intersection(*networks)


@MANY
@given(on_a_switch())
def test_what_finds_each_other_is_in_one_network(hosts: Hosts) -> None:
    fabric = plan_fabric(hosts)
    inside = set()
    for host, control in fabric.control.items():
        found = next(each for each in hosts[host] if each.netdev == control.netdev)
        inside.add(next(address.network for address in found.addresses if address.ip == control.address))
    assert len(inside) == 1
    assert len(fabric.control) == len(hosts)


@MANY
@given(anything(), st.randoms(use_true_random=False))
def test_no_order_of_what_is_given_matters(hosts: Hosts, random: Random) -> None:
    names = list(hosts)
    random.shuffle(names)
    shuffled = {name: tuple(random.sample(hosts[name], len(hosts[name]))) for name in names}
    assert plan_fabric(shuffled) == plan_fabric(hosts)


def renamed(each: Interface) -> Interface:
    return replace(each, netdev=each.netdev[::-1])


@MANY
@given(anything())
def test_other_names_change_nothing_but_names(hosts: Hosts) -> None:
    fabric = plan_fabric(hosts)
    other = plan_fabric({host: tuple(map(renamed, mine)) for host, mine in hosts.items()})
    assert other.topology == fabric.topology
    assert other.rails == {host: tuple(map(renamed, mine)) for host, mine in fabric.rails.items()}
    assert {h: c.netdev[::-1] for h, c in other.control.items()} == {
        h: c.netdev for h, c in fabric.control.items()
    }
    assert sorted((each.level, each.code, each.where) for each in other.findings) == sorted(
        (each.level, each.code, each.where) for each in fabric.findings
    )
    before, after = environments(fabric), environments(other)
    for host in hosts:
        one, two = ({each.name: each.value for each in mine[host]} for mine in (before, after))
        assert one.keys() == two.keys()
        assert one.get("NCCL_IB_HCA") == two.get("NCCL_IB_HCA")


@MANY
@given(anything())
def test_a_chain_has_every_host_once_from_any_head(hosts: Hosts) -> None:
    fabric = plan_fabric(hosts)
    for head in hosts:
        order = chain(fabric, head)
        assert order[0] == head
        assert sorted(order) == sorted(hosts)


@MANY
@given(anything())
def test_what_forbids_a_launch_says_what_to_do(hosts: Hosts) -> None:
    fabric = plan_fabric(hosts)
    assert all(each.hint and each.message for each in fabric.findings if each.level == "fail")
    if len(hosts) > 1 and not fabric.rdma:
        assert any(each.level == "fail" for each in fabric.findings)


@MANY
@given(anything(), st.data())
def test_without_rdma_there_is_a_reason_whatever_was_reached(hosts: Hosts, data: st.DataObject) -> None:
    ends = [(host, netdev) for host in hosts for netdev in PORTS]
    some = st.tuples(st.sampled_from(ends), st.sampled_from(ends))
    proved = {(*one, *other) for one, other in data.draw(st.lists(some, max_size=12))}
    fabric = plan_fabric(hosts, proved)
    assert fabric.rdma or len(hosts) < 2 or any(each.level == "fail" for each in fabric.findings)
    assert len(environments(fabric)) == len(hosts)


@MANY
@given(st.integers(3, 12), st.integers(0, 11))
def test_a_chain_in_a_ring_goes_from_neighbour_to_neighbour(count: int, first: int) -> None:
    fabric = plan_fabric(ring(count))
    order = chain(fabric, fabric.hosts[first % count])
    near = {frozenset(end.host for end in link.ends) for link in fabric.links}
    assert all(frozenset(two) in near for two in zip(order, (*order[1:], order[0]), strict=True))


def seconds(hosts: Hosts, then: Callable[[Fabric], object]) -> float:
    started = time.perf_counter()
    then(plan_fabric(hosts))
    return time.perf_counter() - started


@pytest.mark.parametrize("make", [switch, ring])
def test_a_thousand_hosts(make: Callable[[int], Hosts]) -> None:
    """Generous: it takes a tenth of this; a plan in the square of the hosts would not."""

    def every(fabric: Fabric) -> None:
        assert fabric.topology == ("switch" if make is switch else "ring")
        assert not [each for each in fabric.findings if each.level != "note"]
        assert all(environments(fabric).values())

    small, large = make(100), make(1000)
    few, many = (seconds(each, every) for each in (small, large))
    assert many < 20, (few, many)
