"""A cable, or a twin, over which nothing goes is told each time, whatever RDMA says of its port."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.control import SERVE, Control, control
from tests.e2e.rings import cut_off
from tests.simhosts.hosts import Testbed
from tests.user import Json

NODES = ("-n", "spark1,spark2")
COMMAND = ("--", *SERVE, "-tp", "2")
FIRST, TWIN = "enp1s0f1np1", "enP2p1s0f1np1"


@pytest.fixture
def there(simhosts: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody with two hosts; in their sysfs RDMA is active whatever becomes of the interfaces."""
    simhosts.grow(2)
    with control(simhosts, tmp_path / "home") as somebody:
        for number in (1, 2):
            somebody.model(number)
        yield somebody


@contextmanager
def put_down(there: Control, number: int, *netdevs: str) -> Iterator[None]:
    """Put interfaces of a host down."""
    for netdev in netdevs:
        there.hosts.exec(number, ["ip", "link", "set", netdev, "down"])
    try:
        yield
    finally:
        for netdev in netdevs:
            there.hosts.exec(number, ["ip", "link", "set", netdev, "up"])


def of_network(told: list[Json], outcome: str) -> list[tuple[str, str]]:
    """Return what went wrong between hosts: the check, and where."""
    return [
        (row["id"], row["where"]) for row in told if row["outcome"] == outcome and row["id"][:4] == "net."
    ]


def findings(there: Control) -> list[tuple[str, str, str]]:
    found = there.user.json("fabric", *NODES)["fabric"]["findings"]
    return [(each["level"], each["code"], each["where"]) for each in found]


def test_a_twin_that_is_down_on_one_host_is_told_each_time(there: Control) -> None:
    assert findings(there) == []  # and the neighbours have heard of each other
    with put_down(there, 2, TWIN):
        for _ in range(2):
            done = there.user.run("launch", "--check", "--json", *NODES, *COMMAND)
            assert done.status == 0, done
            assert of_network(done.json["checks"], "warn") == [("net.twins", "spark2")]
            assert done.json["fabric"].startswith("pair: RDMA (RoCE) on 1 device a host; ")
            assert [rank["devices"] for rank in done.json["ranks"]] == [["rocep1s0f1"]] * 2
            assert findings(there) == [("warn", "net.twins", "spark2")]
        launched = there.user.run("launch", "--no-follow", *NODES, *COMMAND)
        assert launched.status == 0, launched
        assert f"{TWIN}, the twin of {FIRST}, is down: half of the bandwidth is lost" in launched.err
        assert f"sudo ip link set dev {TWIN} up" in launched.err
        there.clean(1)
    assert findings(there) == []


def test_ports_that_are_down_on_one_host_are_told_of_that_host(there: Control) -> None:
    there.user.run("fabric", *NODES)
    with put_down(there, 2, FIRST, TWIN):
        # the names stand for addresses on the cable
        hosts = ("-n", "192.168.176.11,192.168.176.12")
        found = there.user.json("fabric", *hosts)["fabric"]["findings"]
    assert {(each["level"], each["code"], each["where"]) for each in found} == {
        ("fail", "net.state", "192.168.176.12")
    }
    assert found[0]["hint"].startswith("on 192.168.176.12: sudo ip link set dev enp1s0f1np1 up")


def test_a_twin_that_is_cut_off_between_is_told_although_it_was_heard_of_before(there: Control) -> None:
    """Both ends have a carrier, and the other is in the neighbour table, where it stays for hours."""
    assert findings(there) == []
    with cut_off(there.hosts, 2, twin=1):
        old = [
            "neigh",
            "replace",
            "192.168.178.12",
            "lladdr",
            "4c:bb:47:b1:01:02",
            "dev",
            TWIN,
            "nud",
            "stale",
        ]
        there.hosts.exec(1, ["ip", *old])
        assert findings(there) == [("fail", "net.peer", "spark1"), ("fail", "net.peer", "spark2")]
    assert findings(there) == []
