"""How the ranks of a launch ended that nobody here has stopped, as their hosts know it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from sparkup.domain.fact import Fact, Seen
from sparkup.domain.launch import Launch, Node, RankState
from sparkup.errors import SparkupError
from sparkup.facts.launches import LAUNCHES, log_tail
from sparkup.planning.readiness import Fallen
from sparkup.run.gather import Observer
from sparkup.run.together import together

AFTERMATH = 20.0  # seconds in which the ranks end that have lost another one (node/peers.py)
PAUSE = 0.3  # seconds between two looks
LEAST = 5.0  # seconds that a host has for an answer even at the deadline


async def look_at_end(launch: Launch, observer: Observer, aftermath: float = AFTERMATH) -> list[Fallen]:
    """Return the ranks of an attempt that have ended, and its head in any case; none that is put away.

    Those that end because of another have some seconds to do so (`aftermath`): then the first cause is known.
    Raises HostUnreachable for the head alone.
    """
    ranks = _Ranks(launch, observer, time.monotonic() + aftermath)
    await ranks.look()
    while any(rank.alive for rank in ranks.found.values()) and ranks.left > 0:
        await asyncio.sleep(PAUSE)
        await ranks.look()
    return await ranks.fallen()


@dataclass(slots=True)
class _Ranks:
    """What is known of the ranks; a host that is lost, or silent beyond the deadline, is not asked again."""

    launch: Launch
    observer: Observer
    deadline: float  # on the monotonic clock
    found: dict[str, RankState] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    @property
    def left(self) -> float:
        """Return the seconds for those that end because of another; a rank alone waits for none."""
        return self.deadline - time.monotonic() if len(self.launch.nodes) > 1 else 0.0

    async def look(self) -> None:
        """Ask all hosts at once."""
        asked = {node.host: self._one(node) for node in self.launch.nodes if node.host not in self.lost}
        await together(asked)

    async def _one(self, node: Node) -> None:
        told = await self._ask(node, LAUNCHES)
        mine = [rank for rank in told[LAUNCHES] if rank.attempt == self.launch.attempt] if told else []
        if told:
            self.found.pop(node.host, None)
        self.found.update((node.host, rank) for rank in mine)

    async def _ask(self, node: Node, fact: Fact[Any]) -> Seen | None:
        """Ask a host; the head for as long as it takes, any other until about the deadline."""
        asking = self.observer.look({node.host: [fact]})
        if node == self.launch.head:
            return (await asking)[node.host]
        try:
            return (await asyncio.wait_for(asking, max(self.left, LEAST)))[node.host]
        except (SparkupError, TimeoutError):
            self.lost.add(node.host)
            return None

    async def fallen(self) -> list[Fallen]:
        """Return those that have ended and the head, each with the end of its log where that is told."""
        ended = {
            node.host: node
            for node in self.launch.nodes
            if node.host in self.found and (not self.found[node.host].alive or node == self.launch.head)
        }
        return list((await together({host: self._fallen(node) for host, node in ended.items()})).values())

    async def _fallen(self, node: Node) -> Fallen:
        rank = self.found[node.host]
        log: Fact[tuple[str, ...]] = log_tail(rank)
        told = None if node.host in self.lost else await self._ask(node, log)
        lines: tuple[str, ...] = told[log] if told else ()
        return Fallen(node.host, rank, lines)
