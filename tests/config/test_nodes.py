"""Which hosts a command means, with all that is wrong with how they are named."""

from collections.abc import Sequence
from ipaddress import IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.config.nodes import Here, Named, Nodes, everywhere, nodes
from sparkup.config.problems import Problems
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.inventory import Inventory, KnownHost

HERE = Here(lambda: "ada", lambda text: text in ("10.0.0.2", "here"))
HOSTS = {
    "spark1": KnownHost("spark1", "ada@10.0.0.1"),
    "spark2": KnownHost("spark2", "10.0.0.2"),
    "spark3": KnownHost("spark3", "spark3"),
}
NONE = Inventory()
ALL = Inventory(HOSTS)
PAIR = Inventory(HOSTS, {"pair": ("spark3", "spark1")})
TWO = Inventory(HOSTS, {"pair": ("spark1", "spark2"), "one": ("spark3",)})
FIRST = Inventory(HOSTS, {"pair": ("spark1", "spark2"), "default": ("spark3",)})


def meant(*words: str, known: Inventory = NONE, cluster: str | None = None, solo: bool = False) -> Nodes:
    found = Problems()
    result = nodes(Named(words, cluster, solo), known, HERE, found)
    assert found == []
    return result


def names(found: Nodes) -> list[str]:
    return [host.name for host in found.hosts]


def wrong(
    *words: str, known: Inventory = NONE, cluster: str | None = None, solo: bool = False
) -> Sequence[tuple[str, str]]:
    found = Problems()
    assert nodes(Named(words, cluster, solo), known, HERE, found).hosts
    return [(each.message, each.hint) for each in found]


def test_where_nothing_is_known_it_is_this_machine() -> None:
    assert meant() == Nodes((LOCAL,), chosen=False)
    assert meant(solo=True) == meant(solo=True, known=PAIR) == Nodes((LOCAL,))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("a",), ["a"]),
        (("a,b", "c"), ["a", "b", "c"]),
        (("a, b ,",), ["a", "b"]),
        (("a b\tc",), ["a", "b", "c"]),
        (("localhost",), ["local"]),
        (("local", "a"), ["local", "a"]),
    ],
)
def test_hosts_stand_between_commas_and_blanks(words: tuple[str, ...], found: list[str]) -> None:
    assert names(meant(*words)) == found


def test_a_name_of_the_inventory_is_reached_at_its_address() -> None:
    assert meant("spark1", known=ALL).hosts == (Host("spark1", "ada@10.0.0.1"),)
    assert meant("spark9", known=ALL).hosts == (Host("spark9", "spark9"),)


@pytest.mark.parametrize("word", ["10.0.0.1", "ada@10.0.0.1"])
def test_an_address_of_the_inventory_is_its_host(word: str) -> None:
    assert meant(word, known=ALL).hosts == (Host("spark1", "ada@10.0.0.1"),)


def test_an_address_of_the_inventory_with_another_user_is_what_was_typed() -> None:
    assert meant("bob@10.0.0.1", known=ALL).hosts == (Host("bob@10.0.0.1", "bob@10.0.0.1"),)


def test_the_only_cluster_is_meant_and_so_are_hosts_without_any() -> None:
    assert names(meant(known=PAIR)) == ["spark3", "spark1"]
    assert names(meant(known=ALL)) == ["spark2", "spark1", "spark3"]
    assert names(meant(known=FIRST)) == ["spark3"]
    assert names(meant(known=TWO, cluster="one")) == ["spark3"]


def test_this_machine_is_the_head_and_told_of_when_another_came_first() -> None:
    found = meant("spark1,spark2,spark3", known=ALL)
    assert found.hosts == (Host("spark2", ""), Host("spark1", "ada@10.0.0.1"), Host("spark3", "spark3"))
    assert found.notes == ("spark2 is this machine, so it is the head, though spark1 was named first",)
    assert meant("spark2,spark1", known=ALL).notes == ()
    assert names(meant("spark3,spark1", known=ALL)) == ["spark3", "spark1"]


def test_this_machine_is_reached_without_ssh_by_its_own_user_alone() -> None:
    assert meant("here", "a").hosts[0].is_local
    assert meant("ada@here", "a").hosts[0].is_local
    assert meant("a", "bob@here").hosts[0] == Host("bob@here", "bob@here")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a,a",), "a is named twice"),
        (("a", "b", "A."), "a and A. are one machine"),
        (("a", "ada@a"), "a and ada@a are one machine"),
        (("local,localhost",), "local and localhost are one machine"),
        (("10.0.0.2,here",), "10.0.0.2 and here are one machine"),
        (("bob@localhost,here",), "bob@localhost and here are one machine"),
        (("bob@here,local",), "bob@here and local are one machine"),
        (("spark1,10.0.0.1",), "spark1 and 10.0.0.1 are one machine"),
        (("spark1,bob@10.0.0.1",), "spark1 and bob@10.0.0.1 are one machine"),
        (("fe80::1,FE80:0::1",), "fe80::1 and FE80:0::1 are one machine"),
        (("spark1", "pair"), "pair is a cluster, no host"),
        (("-oProxyCommand=x",), "'-oProxyCommand=x' is no host name"),
        (("10.0.0.300",), "'10.0.0.300' is no address"),
        ((",",), "-n names no host"),
        (("",), "-n names no host"),
    ],
)
def test_what_cannot_be_meant(words: tuple[str, ...], message: str) -> None:
    ((found, hint),) = wrong(*words, known=TWO)
    assert found == message
    assert hint


def test_a_name_is_wrong_as_often_as_it_is_said_again() -> None:
    assert [message for message, _ in wrong("a,b,a,b,a,-x")] == [
        "a is named twice",
        "b is named twice",
        "a is named twice",
        "'-x' is no host name",
    ]


def test_contradictions() -> None:
    assert wrong("a", cluster="pair", known=PAIR) == [
        ("-n and --cluster contradict each other", "say which hosts in one way")
    ]
    solo = ("--solo means one machine", "leave --solo out, or name one host instead of 2")
    assert wrong("a,b", solo=True) == [solo]
    assert wrong(cluster="pair", solo=True, known=PAIR) == [solo]
    assert names(meant("a", solo=True)) == ["a"]


def test_clusters_that_are_not_there() -> None:
    assert wrong(cluster="pear", known=PAIR) == [("no cluster is called 'pear'", "did you mean pair?")]
    assert wrong(cluster="x", known=TWO) == [("no cluster is called 'x'", "there are: pair, one")]
    ((_, hint),) = wrong(cluster="x")
    assert hint == "no cluster.yaml has any: name hosts with -n"
    assert wrong(cluster="", known=PAIR)[0][0] == "no cluster is called ''"


def test_one_of_several_clusters_has_to_be_named() -> None:
    hint = "say which with --cluster, or call one of them default"
    assert wrong(known=TWO) == [("there are several clusters: pair, one", hint)]


def test_what_looks_everywhere_looks_at_all_hosts() -> None:
    found = Problems()

    def looked_at(known: Inventory, *words: str, cluster: str | None = None, solo: bool = False) -> list[str]:
        return names(everywhere(Named(words, cluster, solo), known, HERE, found))

    assert looked_at(TWO) == ["spark2", "spark1", "spark3"]
    assert looked_at(TWO, "a") == ["a"]
    assert looked_at(TWO, cluster="one") == ["spark3"]
    assert looked_at(TWO, solo=True) == looked_at(NONE) == ["local"]
    assert found == []


@given(st.lists(st.sampled_from(["a", "b", "here", "local", "spark1", "10.0.0.1"]), unique=True, min_size=1))
def test_whoever_is_named_is_there_once_or_something_is_wrong(words: list[str]) -> None:
    found = Problems()
    hosts = nodes(Named(words), ALL, HERE, found).hosts
    assert len(hosts) == len(words)
    assert found or len({host.name for host in hosts}) == len(words)
    assert any(host.is_local for host in hosts) <= hosts[0].is_local


@pytest.mark.parametrize(("address", "cabled"), [("ada@10.1.0.4", True), ("10.9.0.4", False), ("b", False)])
def test_an_address_on_a_cable_is_known_as_one(address: str, cabled: bool) -> None:
    fabric = (IPv4Interface("10.1.0.4/24"), IPv4Interface("10.2.0.4/24"))
    known = Inventory({"b": KnownHost("b", address, fabric=fabric)})
    assert [host.cabled for host in meant("b", known=known).hosts] == [cabled]


def test_a_way_goes_with_the_host() -> None:
    known = Inventory({"far": KnownHost("far", "10.9.0.1", via="spark1")})
    (host,) = meant("far", known=known).hosts
    assert host.target == ("-J", "spark1", "10.9.0.1")
    (mine,) = meant("far", known=Inventory({"far": KnownHost("far", "10.0.0.2", via="spark1")})).hosts
    assert mine.is_local


@pytest.mark.parametrize(
    ("via", "left"),
    [
        ("", ""),
        ("10.0.0.2", ""),
        ("ada@here,spark1", "spark1"),
        ("spark1,bob@10.0.0.2,a,b", "a,b"),
        ("10.0.0.2,a,here", ""),
        ("ssh://here:2222,a", "ssh://here:2222,a"),
        ("localhost,a", "localhost,a"),
    ],
)
def test_a_way_through_this_machine_begins_behind_it(via: str, left: str) -> None:
    known = Inventory({"far": KnownHost("far", "10.9.0.1", via=via, eth_if="x")}, {"one": ("far",)})
    assert HERE.seen(known) == Inventory(
        {"far": KnownHost("far", "10.9.0.1", via=left, eth_if="x")}, {"one": ("far",)}
    )
