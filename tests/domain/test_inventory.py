"""An inventory: where its values are from, and what its clusters are."""

from sparkup.domain.inventory import Inventory, KnownHost, Origin

HOSTS = {name: KnownHost(name, name) for name in ("b", "a")}


def test_hosts_without_clusters_are_one() -> None:
    assert Inventory(HOSTS).groups == {"default": ("b", "a")}
    assert Inventory(HOSTS, {"x": ("a",)}).groups == {"x": ("a",)}
    assert Inventory().groups == {}


def test_the_origin_of_a_value_is_that_of_the_closest_part_around_it() -> None:
    known = Inventory(HOSTS, origins={("hosts",): Origin("f", 1), ("hosts", "a"): Origin("f", 3)})
    assert known.origin("hosts", "a", "address") == "f:3"
    assert known.origin("hosts", "b") == "f:1"
    assert known.origin("clusters") == ""
