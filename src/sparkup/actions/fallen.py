"""How the ranks of a launch ended that nobody here has stopped, as their hosts know it."""

import asyncio
import time

from sparkup.domain.fact import Fact
from sparkup.domain.launch import Launch, RankState
from sparkup.errors import HostUnreachable
from sparkup.facts.launches import LAUNCHES, log_tail
from sparkup.planning.readiness import Fallen
from sparkup.run.gather import Observer

AFTERMATH = 20.0  # seconds in which the ranks end that have lost another one (node/peers.py)
PAUSE = 0.3  # seconds between two looks


async def look_at_end(launch: Launch, observer: Observer) -> list[Fallen]:
    """Return the ranks of an attempt that have ended, and its head in any case; none that is put away.

    Those that end because of another have some seconds to do so: then the first cause is known.
    """
    deadline = time.monotonic() + (AFTERMATH if len(launch.nodes) > 1 else 0.0)
    found = await _ranks(launch, observer)
    while any(rank.alive for rank in found.values()) and time.monotonic() < deadline:
        await asyncio.sleep(PAUSE)
        found = await _ranks(launch, observer)
    ended = {host: rank for host, rank in found.items() if not rank.alive or host == launch.head.host}
    logs: dict[str, Fact[tuple[str, ...]]] = {host: log_tail(rank) for host, rank in ended.items()}
    seen = await observer.look({host: [log] for host, log in logs.items()})
    lines: dict[str, tuple[str, ...]] = {host: seen[host][log] for host, log in logs.items()}
    return [Fallen(host, rank, lines[host]) for host, rank in ended.items()]


async def _ranks(launch: Launch, observer: Observer) -> dict[str, RankState]:
    """Return the ranks of an attempt on hosts that can be asked; raises HostUnreachable for the head."""
    found: dict[str, RankState] = {}
    for node in launch.nodes:
        try:
            there = (await observer.look({node.host: [LAUNCHES]}))[node.host][LAUNCHES]
        except HostUnreachable:
            if node == launch.head:
                raise
            continue
        found.update((node.host, rank) for rank in there if rank.attempt == launch.attempt)
    return found
