"""Where Sparks are looked for, and which of those that answer are taken."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

import pytest
from tests.planning.members import KEY, P0, P1, key, ports, seen

from sparkup.domain.discovery import FoundHost, Left, Sighting
from sparkup.facts.identity import IDENTITY, Identity, fingerprint
from sparkup.facts.tools.ip_neigh import Neighbour
from sparkup.node import gather_net
from sparkup.planning import discovery as scan
from sparkup.planning.discovery import (
    Net,
    addresses_near,
    all_networks,
    as_shown,
    cages_once,
    found_host,
    is_direct,
    judged,
    networks,
    owned,
    scan_fact,
    scan_seconds,
    sightings,
    silent,
    small,
    some,
    unheard,
)
from sparkup.run.answers import AbsentError, UnreadableError, value

ONE = Net(P0, IPv4Address("192.168.177.11"), IPv4Network("192.168.177.0/24"), "p1")
TWO = Net(P1, IPv4Address("192.168.178.11"), IPv4Network("192.168.178.0/24"), "p1")
OTHER = Net("enp1s0f0np0", IPv4Address("10.0.0.1"), IPv4Network("10.0.0.0/24"), "p0")
PLAIN = Net("eth0", IPv4Address("10.0.1.1"), IPv4Network("10.0.1.0/24"))
HERE = found_host("", "", ("this machine",), seen())
THERE = Sighting("192.168.177.12", ("scan of 192.168.177.0/24",))


def test_networks_are_those_of_rdma_ports_that_are_up() -> None:
    assert networks(ports("spark1")) == (ONE, TWO)
    assert networks(ports("spark2_without_cables")) == ()


def test_no_network_is_one_of_addresses_that_a_machine_gave_itself() -> None:
    own = (IPv4Interface("169.254.3.4/16"),)
    assert networks([replace(each, addresses=own) for each in ports("spark1")]) == ()


@pytest.mark.parametrize("fields", [{"carrier": False}, {"kind": "bridge"}, {"rdma": None}])
def test_no_network_is_one_without_a_cable(fields: dict[str, object]) -> None:
    assert networks([replace(each, **fields) for each in ports("spark1")]) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bits", "large", "count", "told"),
    [
        (24, False, 1, ()),
        (23, False, 0, ("10.0.0.0/23 on a was not scanned, as it is large: --scan-large tries it",)),
        (20, True, 1, ()),
        (16, False, 0, ("10.0.0.0/16 on a was not scanned, as it is large: name its hosts with -n",)),
        (16, True, 0, ("10.0.0.0/16 on a was not scanned, as it is large: name its hosts with -n",)),
    ],
)
def test_large_networks_are_not_scanned(bits: int, large: bool, count: int, told: tuple[str, ...]) -> None:
    net = Net("a", IPv4Address("10.0.0.1"), IPv4Network(f"10.0.0.0/{bits}"))
    scanned, notes = small([net], large=large)
    assert (len(scanned), notes) == (count, told)


def test_the_question_of_a_scan() -> None:
    fact = scan_fact((ONE,))
    assert fact.requests["scan"].body["nets"] == [[P0, "192.168.177.11", "192.168.177.0/24"]]
    assert fact.parse({"scan": {"scan": [[P0, "192.168.177.12"]]}}) == ((P0, "192.168.177.12"),)


@pytest.mark.parametrize("told", [[[P0, "junk"]], [[P0, "1.2.3.999"]], [[P0]], [5]])
def test_what_is_no_answer_to_a_scan_is_a_bad_one(told: list[object]) -> None:
    with pytest.raises(UnreadableError):
        value(scan_fact((ONE,)), {"scan\0scan": {"scan": told}})


def test_a_scan_that_failed_says_not_that_nobody_is_there() -> None:
    with pytest.raises(AbsentError):
        value(scan_fact((ONE,)), {"scan\0scan": {"error": "OSError"}})


def test_how_long_a_scan_may_take() -> None:
    assert (scan.BATCH, scan.APART) == (gather_net.AT_ONCE, gather_net.APART)
    large = replace(ONE, network=IPv4Network("10.0.0.0/20"))
    assert (scan_seconds((ONE,)), scan_seconds((large,) * 3)) == (3, 75)  # 24 batches in the latter


def test_who_is_there() -> None:
    met = (
        Neighbour("192.168.177.12", P0, "aa", "REACHABLE"),
        Neighbour("192.168.177.99", P0, "ab", "REACHABLE"),  # has no SSH
        Neighbour("192.168.178.9", P1, "ac", "REACHABLE"),  # nobody scanned there
        Neighbour("192.168.176.12", "enP7s7", "ad", "REACHABLE"),
        Neighbour("192.168.177.11", P0, "ae", "REACHABLE"),
    )
    answered = [(P0, "192.168.177.100"), (P0, "192.168.177.12"), (P1, "192.168.177.13")]
    first, second = sightings(seen(neighbours=met), (ONE, TWO), (ONE,), answered, HERE)
    assert [(each.address, each.told) for each in first] == [
        ("192.168.177.12", ("scan of 192.168.177.0/24", "neighbour table")),
        ("192.168.177.100", ("scan of 192.168.177.0/24",)),
    ]
    assert [(each.address, each.told) for each in second] == [("192.168.178.9", ("neighbour table",))]
    assert {each.via for each in (*first, *second)} == {""}


def test_what_another_host_sees_is_reached_through_it() -> None:
    answered = [(P0, "192.168.177.12")]
    beyond = found_host("", "10.0.0.2", (), seen(2), "10.0.0.1")
    for seer, via in ((found_host("", "10.0.0.2", (), seen(2)), "10.0.0.2"), (beyond, "10.0.0.1,10.0.0.2")):
        (told,), _ = sightings(seen(), (ONE, TWO), (ONE,), answered, seer)
        assert (told.told, told.via) == (("scan of 192.168.177.0/24 from spark2",), via)


def test_where_somebody_has_looked_nobody_looks_again() -> None:
    heard = {(ONE.network, "192.168.177.11"), (TWO.network, "192.168.178.99")}
    elsewhere = replace(TWO, cage="p0")
    assert unheard((ONE, elsewhere), heard) == (elsewhere,)  # another network of these numbers, it seems
    assert unheard((ONE, TWO), heard) == ()  # the twin of one that was heard


def test_the_twin_of_a_cage_is_scanned_where_nobody_answers_by_its_sibling() -> None:
    nets = (ONE, OTHER, TWO, PLAIN)
    first = cages_once(nets)
    assert first == (ONE, OTHER, PLAIN)
    assert silent(nets, first, [(P0, "192.168.177.12")]) == ()
    assert silent(nets, first, [("enp1s0f0np0", "10.0.0.2")]) == (TWO,)
    assert silent(nets, first, ()) == (TWO,)


def test_another_host_leads_nobody_off_the_cables() -> None:
    """spark1 is in 192.168.176.0/24 by its RJ45 port."""
    cable = Sighting("192.168.177.12", (), via="spark2")
    others = [replace(cable, address=address) for address in ("192.168.176.99", "10.9.9.9", "spark3")]
    cabled = [net.network for net in networks(ports("spark1"))]
    assert [is_direct(each, cabled) for each in (cable, *others)] == [True, False, False, False]
    assert not is_direct(cable, ())  # the search began on another host
    assert is_direct(replace(others[0], via=""), ())
    assert not is_direct(replace(cable, name="two"), cabled)  # the inventory has the way


def test_a_host_that_tells_of_many_is_not_believed_all() -> None:
    many = [Sighting(f"10.0.0.{number}", (), via="spark2") for number in range(70)]
    peer = found_host("", "192.168.177.12", (), seen(2))
    assert some([many[:40], many[40:]], peer) == (
        [many[:40], many[40:64]],
        "spark2 tells of 70 addresses: the first 64 were tried",
    )
    assert some([many[:64]], peer) == ([many[:64]], "")


def test_no_host_has_many_addresses() -> None:
    port = next(each for each in ports("spark2") if not each.usable and each.fixed)
    own = tuple(IPv4Interface(f"192.168.176.{number}/24") for number in range(1, 99))
    liar = replace(
        found_host("", "10.0.0.2", (), seen(2), "10.0.0.1"), interfaces=(replace(port, addresses=own),)
    )
    assert len(addresses_near(liar, None)) == 8


def test_a_host_is_known_by_the_key_that_it_showed() -> None:
    """It says that it is spark1."""
    liar = seen(2, identity=Identity((KEY,), "id1"))
    there, note = as_shown(liar, key(2), "192.168.177.12")
    assert there[IDENTITY].key == key(2)
    assert (
        note == f"192.168.177.12 has the SSH host key {fingerprint(key(2))}, and tells of others as its own"
    )
    assert as_shown(seen(2), key(2), "192.168.177.12")[1] == ""
    assert as_shown(seen(2, identity=Identity((), "id2")), key(2), "192.168.177.12")[1] == ""


def test_where_a_host_beyond_another_is_nearer() -> None:
    beyond = found_host("", "10.0.0.2", (), seen(2), "10.0.0.1")
    assert addresses_near(beyond, all_networks(ports("spark1"))) == ("192.168.176.12",)
    assert addresses_near(beyond, None) == ("192.168.178.12", "192.168.176.12", "192.168.177.12")
    at = replace(beyond, address="192.168.177.12")
    assert addresses_near(at, None)[0] == "192.168.177.12"
    assert addresses_near(beyond, (IPv4Network("10.0.0.0/8"),)) == ()
    assert addresses_near(replace(beyond, via=""), None) == ()


def taken(*, any_machine: bool = False, sighting: Sighting = THERE, **changed: object) -> object:
    """Return what is decided of spark2, by a search that began at spark1."""
    there = seen(2, **changed)  # type: ignore[arg-type]
    return judged(sighting, there, {key(1)}, (ONE, TWO), any_machine=any_machine)


def test_a_spark_on_the_cable_is_taken() -> None:
    found = taken()
    assert isinstance(found, FoundHost)
    assert (found.name, found.address, found.gb10) == ("spark2", "192.168.177.12", True)
    assert [str(each) for each in found.fabric] == ["192.168.177.12/24", "192.168.178.12/24"]
    assert "192.168.176.12" in owned([found])


def test_another_address_of_this_machine_is_no_peer() -> None:
    assert taken(identity=Identity((KEY,))) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"gb10": False}, "not-gb10"),
        ({"identity": Identity()}, "nobody"),
        ({"links": ports("spark1")}, "not-its-address"),
    ],
)
def test_who_is_left(changed: dict[str, Any], code: str) -> None:
    found = taken(**changed)
    assert isinstance(found, Left)
    assert (found.address, found.code) == ("192.168.177.12", code)


def test_another_machine_is_taken_if_its_user_says_so() -> None:
    assert isinstance(taken(any_machine=True, gb10=False), FoundHost)
    of_the_file = Sighting("spark2", ("in the inventory as two",), "two")
    found = taken(sighting=of_the_file, gb10=False)
    assert isinstance(found, FoundHost)
    assert found.name == "two"


@pytest.mark.parametrize(("called", "name"), [("", "10.0.0.9"), ("a b$c", "a-b-c"), ("--", "10.0.0.9")])
def test_odd_names(called: str, name: str) -> None:
    assert found_host("", "10.0.0.9", (), seen(hostname=called)).name == name
