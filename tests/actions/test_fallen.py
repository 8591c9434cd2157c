"""How ranks ended that nobody here has stopped: asked at once, and of a host that is lost only once."""

import asyncio
import time
from collections.abc import Mapping

import pytest
from tests.planning.clusters import asked, launched

from sparkup.actions import fallen
from sparkup.actions.fallen import look_at_end
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.launch import Exit, Launch, RankState
from sparkup.errors import HostUnreachable, Problem
from sparkup.facts.launches import LAUNCHES
from sparkup.run.gather import Facts

pytestmark = pytest.mark.anyio


class Hosts:
    """What hosts answer; one that is slow takes so many seconds, one that is lost breaks off after them."""

    def __init__(self, launch: Launch, alive: str = "") -> None:
        self.launch, self.alive = launch, alive
        self.slow: dict[str, float] = {}
        self.lost: set[str] = set()
        self.asked: list[str] = []

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        (host,) = facts
        self.asked.append(host)
        await asyncio.sleep(self.slow.get(host, 0.0))
        if host in self.lost:
            raise HostUnreachable(Problem("host-unreachable", "the host cannot be reached", host))
        values = {each.name: self._ranks(host) if each is LAUNCHES else ("a line",) for each in facts[host]}
        return {host: Seen(host, values)}

    def _ranks(self, host: str) -> tuple[RankState, ...]:
        (node,) = (node for node in self.launch.nodes if node.host == host)
        alive = host == self.alive
        end = None if alive else Exit(1, asked=False, at=5.0)
        rank = RankState("vllm_node", "a1", node.rank, f"/state/{host}", 0.0, alive, 1, (), exit=end)
        return (rank,)


@pytest.fixture
def launch() -> Launch:
    return launched(asked()).launch


async def test_hosts_are_asked_at_once(launch: Launch) -> None:
    hosts = Hosts(launch)
    hosts.slow = dict.fromkeys(("node1", "node2"), 0.3)
    begun = time.monotonic()
    ended = await look_at_end(launch, hosts)
    assert time.monotonic() - begun < 1.0  # two looks, at both hosts each
    assert [(each.host, each.lines) for each in ended] == [("node1", ("a line",)), ("node2", ("a line",))]


async def test_a_host_that_is_lost_is_not_asked_again(launch: Launch) -> None:
    hosts = Hosts(launch, alive="node1")
    hosts.lost = {"node2"}
    ended = await look_at_end(launch, hosts, aftermath=1.0)
    assert [each.host for each in ended] == ["node1"]
    assert hosts.asked.count("node2") == 1
    assert hosts.asked.count("node1") > 2


async def test_a_host_that_is_silent_is_waited_for_until_the_deadline_alone(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallen, "LEAST", 0.2)
    hosts = Hosts(launch)
    hosts.slow = {"node2": 60.0}
    begun = time.monotonic()
    assert [each.host for each in await look_at_end(launch, hosts, aftermath=0.5)] == ["node1"]
    assert time.monotonic() - begun < 5.0


async def test_without_its_head_nothing_is_known(launch: Launch) -> None:
    hosts = Hosts(launch)
    hosts.lost = {"node1"}
    with pytest.raises(HostUnreachable):
        await look_at_end(launch, hosts)
