"""What is written of hosts that were found, and where a file differs from what is there."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Interface

from tests.planning.members import key, seen

from sparkup.domain.discovery import Found, Search
from sparkup.domain.fabric import End, Fabric, Link
from sparkup.domain.inventory import Defaults, Inventory, KnownHost
from sparkup.facts.identity import fingerprint
from sparkup.planning.detected import inventory_of, known, named, others_alone, renewed, stale
from sparkup.planning.discovery import found_host

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ONE = found_host("", "", ("this machine",), seen(1))
TWO = found_host("", "192.168.177.12", ("scan",), seen(2))
PAIR = Found((ONE, TWO))
LINK = Link((End("spark1", "enp1s0f1np1"), End("spark2", "enp1s0f1np1")), None, proved=True)
FABRIC = Fabric("pair", {}, (LINK,))
NOTHING = Inventory()


def test_a_first_file() -> None:
    new = inventory_of(PAIR, FABRIC, NOTHING, "", NOW)
    one, two = new.hosts.values()
    assert (one.name, one.address) == ("spark1", "192.168.177.11")  # others need one to reach it by
    assert (two.name, two.address, two.host_key) == ("spark2", "192.168.177.12", fingerprint(key(2)))
    assert (two.verified, new.detected_at, new.links) == (NOW.date(), NOW, (LINK,))
    assert new.clusters == {"default": ("spark1", "spark2")}
    assert inventory_of(PAIR, FABRIC, NOTHING, "mine", NOW).clusters == {"mine": ("spark1", "spark2")}


def test_a_machine_without_addresses_is_written_by_its_name() -> None:
    bare = replace(ONE, interfaces=())
    assert (
        inventory_of(Found((bare,)), Fabric("solo", {}), NOTHING, "", NOW).hosts["spark1"].address == "spark1"
    )


def test_what_the_owner_wrote_stays() -> None:
    old = Inventory(
        hosts={"head": KnownHost("head", "ada@spark1", eth_if="x"), "far": KnownHost("far", "far")},
        clusters={"all": ("far", "head")},
        defaults=Defaults(image="mine"),
    )
    found = named(PAIR, old)
    assert [each.name for each in found.hosts] == ["head", "spark2"]
    new = inventory_of(found, FABRIC, old, "", NOW)
    assert (new.hosts["head"].address, new.hosts["head"].eth_if) == ("ada@spark1", "x")
    assert new.clusters == {"all": ("far", "head", "spark2")}
    assert new.defaults.image == "mine"


def test_clusters_of_some_hosts_are_left_as_they_are() -> None:
    hosts = {name: KnownHost(name, name) for name in ("spark1", "far")}
    some = Inventory(hosts, {"a": ("spark1",)})
    assert inventory_of(PAIR, FABRIC, some, "", NOW).clusters == {}
    two = Inventory(hosts, {"a": ("spark1", "far"), "b": ("far",)})
    assert inventory_of(PAIR, FABRIC, two, "", NOW).clusters == {}
    none = Inventory(hosts)
    assert inventory_of(PAIR, FABRIC, none, "", NOW).clusters == {"default": ("spark1", "far", "spark2")}


def test_hosts_are_known_by_their_keys_then_by_addresses() -> None:
    by_key = Inventory({"b": KnownHost("b", "moved", host_key=fingerprint(key(2)))})
    assert [each.name for each in named(PAIR, by_key).hosts] == ["spark1", "b"]
    by_fabric = Inventory({"b": KnownHost("b", "b", fabric=(IPv4Interface("192.168.178.12/24"),))})
    assert [each.name for each in named(PAIR, by_fabric).hosts] == ["spark1", "b"]


def test_no_name_is_there_twice() -> None:
    same = replace(TWO, name="spark1")
    assert [each.name for each in named(Found((ONE, same)), NOTHING).hosts] == ["spark1", "spark1-2"]
    other = Inventory({"spark2": KnownHost("spark2", "10.0.0.9", host_key="SHA256:other")})
    assert [each.name for each in named(PAIR, other).hosts] == ["spark1", "spark2-2"]


def test_hosts_of_the_file_are_looked_at() -> None:
    (only,) = known(Inventory({"b": KnownHost("b", "ada@b")}))
    assert (only.address, only.name, only.told) == ("ada@b", "b", ("in the inventory as b",))


def test_a_file_that_is_right_is_not_stale() -> None:
    written = inventory_of(PAIR, FABRIC, NOTHING, "", NOW)
    assert stale(written, PAIR, FABRIC) == ()
    assert stale(NOTHING, PAIR, FABRIC) == ()


def test_what_is_stale() -> None:
    new = Link((End("spark1", "enP2p1s0f1np1"), End("spark2", "enP2p1s0f1np1")), None)
    old = Inventory(
        hosts={
            "spark1": KnownHost(
                "spark1", "spark1", host_key="SHA256:old", fabric=(IPv4Interface("10.0.0.1/24"),)
            ),
            "gone": KnownHost("gone", "gone"),
        },
        links=(LINK,),
    )
    told = stale(old, PAIR, Fabric("pair", {}, (new,)))
    assert {each.code for each in told} == {"env.stale"}
    assert [(each.level, each.where, each.message.partition(",")[0]) for each in told] == [
        ("warn", "spark1", "its SSH host key changed: it was SHA256:old"),
        ("warn", "spark1", "addresses on RDMA ports were 10.0.0.1/24"),
        ("warn", "gone", "in the file"),
        ("note", "spark2", "found"),
        ("warn", "", "the link spark1:enp1s0f1np1 - spark2:enp1s0f1np1 is not there any more"),
        ("note", "", "the link spark1:enP2p1s0f1np1 - spark2:enP2p1s0f1np1 is new"),
    ]


def test_a_host_in_its_place_with_another_key_is_not_another_host() -> None:
    """Here, and behind an address: a name of SSH, one with a user, one of its own."""
    for where in ("spark2", "ada@192.168.177.12", "192.168.178.12"):
        old = inventory_of(PAIR, FABRIC, NOTHING, "", NOW)
        hosts = {name: replace(host, host_key="SHA256:old-" + name) for name, host in old.hosts.items()}
        hosts["spark2"] = replace(hosts["spark2"], address=where)
        old = replace(old, hosts=hosts)
        found = named(PAIR, old)
        assert [each.name for each in found.hosts] == ["spark1", "spark2"]
        told = renewed(old, found)
        assert [(each.code, each.where) for each in told] == [
            ("host-key-changed", "spark1"),
            ("host-key-changed", "spark2"),
        ]
        assert f"it was SHA256:old-spark2, and is {fingerprint(key(2))}" in told[1].message
        assert {each.level for each in stale(old, found, FABRIC)} == {"warn"}
        assert inventory_of(found, FABRIC, old, "", NOW).hosts["spark2"].host_key == fingerprint(key(2))
    assert renewed(inventory_of(PAIR, FABRIC, NOTHING, "", NOW), PAIR) == ()


def test_who_moved_is_not_whoever_is_in_its_place_now() -> None:
    old = Inventory({"b": KnownHost("b", "192.168.177.11", host_key=fingerprint(key(2)))})
    found = named(PAIR, old)
    assert [each.name for each in found.hosts] == ["spark1", "b"]
    assert renewed(old, found) == ()


def test_a_new_name_is_none_of_the_file() -> None:
    names = ("spark2", "spark2-2")
    old = Inventory({name: KnownHost(name, f"{name}.far", host_key=f"SHA256:{name}") for name in names})
    assert [each.name for each in named(PAIR, old).hosts] == ["spark1", "spark2-3"]


def test_a_workstation_that_looks_for_sparks_is_none_of_them() -> None:
    here = replace(ONE, name="desk", gb10=False)
    found, search = Found((here, TWO)), Search()
    alone = others_alone(found, NOTHING, search)
    assert (alone.hosts, [(each.address, each.code) for each in alone.left]) == (
        (TWO,),
        [("desk", "not-gb10")],
    )
    assert others_alone(found, Inventory({"desk": KnownHost("desk", "desk")}), search) == found
    assert others_alone(found, NOTHING, Search(any_machine=True)) == found
    assert others_alone(Found((here,)), NOTHING, search).hosts == (here,)
    far = Found((replace(here, address="desk"), TWO))
    assert others_alone(far, NOTHING, search) == far


def grown(*hosts: int) -> Fabric:
    """Return the fabric of so many hosts at one switch."""
    return Fabric("switch", {}, (Link(tuple(End(f"spark{each}", "enp1s0f1np1") for each in hosts), None),))


def test_a_cluster_that_grows_or_shrinks_has_no_broken_links() -> None:
    """That a host is new or gone says it all; who joins or leaves without that is said."""
    old = inventory_of(PAIR, FABRIC, NOTHING, "", NOW)
    more = (
        replace(
            TWO, name=f"spark{each}", address=f"10.0.0.{each}", key=f"ssh-ed25519 {each}aaa", interfaces=()
        )
        for each in (3, 4)
    )
    four = Found((ONE, TWO, *more))
    told = stale(old, four, grown(1, 2, 3, 4))
    assert [(each.level, each.where) for each in told] == [("note", "spark3"), ("note", "spark4")]
    large = inventory_of(four, grown(1, 2, 3, 4), NOTHING, "", NOW)
    told = stale(large, PAIR, FABRIC)
    assert [(each.level, each.where) for each in told] == [("warn", "spark3"), ("warn", "spark4")]
    (left,) = stale(large, four, grown(1, 2, 3))
    assert left.message == "spark4:enp1s0f1np1 left the link of " + " - ".join(
        f"spark{each}:enp1s0f1np1" for each in (1, 2, 3)
    )
    (joined,) = stale(inventory_of(four, FABRIC, NOTHING, "", NOW), four, grown(1, 2, 4))
    assert joined.message == "spark4:enp1s0f1np1 joined the link of spark1:enp1s0f1np1 - spark2:enp1s0f1np1"


def test_addresses_that_are_gone_are_said() -> None:
    old = inventory_of(PAIR, FABRIC, NOTHING, "", NOW)
    dark = Found((replace(ONE, interfaces=()), TWO))
    (only,) = stale(old, dark, FABRIC)
    assert only.message.endswith("and are none")


def test_the_way_to_a_host_is_kept() -> None:
    far = replace(TWO, via="10.0.0.9")
    new = inventory_of(Found((ONE, far)), FABRIC, Inventory(), "", NOW)
    assert new.hosts["spark2"].via == "10.0.0.9"
    assert known(new)[1].via == "10.0.0.9"
    again = inventory_of(Found((ONE, TWO)), FABRIC, new, "", NOW)
    assert again.hosts["spark2"].via == "", "it was reached without"


def test_a_host_is_written_as_it_was_reached() -> None:
    """By the address in the file it was not."""
    old = Inventory({"b": KnownHost("b", "192.168.176.12", via="gone", host_key=fingerprint(key(2)))})
    through = replace(TWO, name="b", via="192.168.177.11")
    new = inventory_of(Found((ONE, through)), FABRIC, old, "", NOW).hosts["b"]
    assert (new.address, new.via, new.verified) == ("192.168.177.12", "192.168.177.11", NOW.date())
