"""A launch from a machine that is no node and is then gone: a node sees it, reads it and ends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import processes
from tests.docked import RECORDED
from tests.e2e.pairs import NODES, SERVE, Pair, paired
from tests.e2e.within import PLACES, within
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted
from tests.user import FAKES, User
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts]


@pytest.fixture(scope="module")
def bed() -> Iterator[Testbed]:
    """Two hosts on which sparkup can be run."""
    skip_unless_able("none")
    with booted(Setup(shares=(FAKES.parent, RECORDED, *PLACES))) as testbed:
        yield testbed


@pytest.fixture
def pair(bed: Testbed, tmp_path: Path) -> Iterator[Pair]:
    """Somebody at the control workstation, which is no node."""
    with paired(bed, tmp_path / "home", "host") as there:
        yield there


@pytest.fixture(params=[1, 2], ids=["head", "worker"])
def node(request: pytest.FixtureRequest, bed: Testbed, tmp_path: Path) -> User:
    """Somebody else on one of the nodes, who has never heard of the launch."""
    home = tmp_path / "node"
    home.mkdir()
    return within(bed, request.param, home)


def vanish(pair: Pair) -> None:
    """End all that runs at the control workstation, and forget what it has written."""
    processes.kill(processes.touching(pair.user.home))
    pair.hosts.control(["rm", "-rf", str(pair.user.state)])


def test_what_serves_is_seen_read_and_stopped(pair: Pair, node: User) -> None:
    with pair.user.running("launch", *NODES, "--", *SERVE) as command:
        command.expect("its log:")
        vanish(pair)
        command.done()
    document = node.json("status", *NODES)
    assert {row["host"]: row["phase"] for row in document["launches"]} == {
        "spark1": "ready",
        "spark2": "running",
    }
    assert document["wholes"][0]["phase"] == "ready"
    out = node.run("logs", *NODES).out
    assert "[0 spark1] " in out
    assert "[1 spark2] " in out
    assert node.run("exec", "--rank", "1", *NODES, "--", "hostname").out == "spark2\n"
    stopped = node.json("stop", *NODES)
    assert sorted(each["host"] for each in stopped["launches"]) == ["spark1", "spark2"]
    pair.nothing_is_left()


def test_what_was_starting_is_stopped(pair: Pair, node: User) -> None:
    for number in (1, 2):
        pair.fault(number, "slow:600")
    with pair.user.running("launch", *NODES, "--", *SERVE) as command:
        until(lambda: pair.engines(1) and pair.engines(2), "both are starting", 20)
        vanish(pair)
        command.done()
    assert {row["phase"] for row in node.json("status", *NODES)["launches"]} == {"starting", "running"}
    assert node.run("stop", *NODES).status == 0
    pair.nothing_is_left()


def test_its_hosts_need_not_be_named(pair: Pair, node: User) -> None:
    """A node knows its own rank, and by it the others."""
    pair.launch()
    vanish(pair)
    until(lambda: node.json("status")["wholes"][0]["phase"] == "ready", "a beat tells the other host")
    assert node.json("status")["wholes"][0]["nodes"] == ["spark1", "spark2"]
    assert node.run("stop").status == 0
    pair.nothing_is_left()
