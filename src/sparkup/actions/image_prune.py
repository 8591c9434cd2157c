"""Prune: images that nobody has named or uses, and the cache of builds; what there is can be asked first."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sparkup.actions.context import Connections, Context, done
from sparkup.actions.images import look
from sparkup.actions.undoing import tried
from sparkup.domain.event import Answered
from sparkup.domain.fact import Observed
from sparkup.domain.host import Host
from sparkup.domain.image import DiskUse, Pruned, PruneRow
from sparkup.errors import Problem
from sparkup.facts.images import DISK_USE
from sparkup.planning.image_pruning import Pruning, cached, emptying, going, judged, removal
from sparkup.planning.images import Held
from sparkup.run.phases import Runner
from sparkup.run.together import together

COUNTED = ("Images", "Build Cache")  # what of the disk a prune can free


@dataclass(frozen=True, slots=True)
class Prunable:
    """What there is to prune: images that go and stay, hosts with a cache of builds; who did not answer."""

    go: tuple[Held, ...]
    stay: tuple[PruneRow, ...]
    cache: tuple[str, ...]
    problems: tuple[Problem, ...]

    def of(self, agreed: "Prunable") -> "Prunable":
        """Return of this only what was agreed on as well."""
        may = {(each.place, each.image.id) for each in agreed.go}
        go = tuple(each for each in self.go if (each.place, each.image.id) in may)
        return Prunable(
            go, self.stay, tuple(host for host in self.cache if host in agreed.cache), self.problems
        )


@dataclass(frozen=True, slots=True)
class Work:
    """A prune while the connections are open."""

    found: Prunable
    connections: Connections
    runner: Runner
    context: Context

    async def done(self, pruning: Pruning) -> Pruned:
        """Remove all that was found; what cannot be removed keeps nothing else."""
        hosts = [*dict.fromkeys((*self.found.cache, *(each.host for each in self.found.go)))]
        told = await together({host: self._on(host, pruning) for host in hosts})
        before = _disk(self.runner.seen)
        await self.runner.look("See what was freed", dict.fromkeys(hosts, (DISK_USE,)))
        after = _disk(self.runner.seen)
        return Pruned(
            until=pruning.until,
            images=tuple(row for rows, _ in told.values() for row in rows),
            kept=self.found.stay,
            cache=self.found.cache,
            disk=after,
            freed={host: _freed(before[host], after[host]) for host in hosts},
            problems=(*self.found.problems, *(problem for _, each in told.values() for problem in each)),
        )

    async def _on(self, host: str, pruning: Pruning) -> tuple[list[PruneRow], list[Problem]]:
        """Prune one host: images first, which hold on to what is cached."""
        rows: list[PruneRow] = []
        problems: list[Problem] = []
        for each in (each for each in self.found.go if each.host == host):
            failed = await tried(removal(each), self.connections, self.context.emit)
            rows.append(going(each, gone=not failed))
            problems += failed
        if host in self.found.cache:
            problems += await tried(emptying(host, pruning), self.connections, self.context.emit)
        return rows, problems


async def show(hosts: Sequence[Host], pruning: Pruning, context: Context) -> Prunable:
    """Answer what there is to prune, and return it; changes nothing."""
    async with _looked(hosts, pruning, context) as work:
        found = work.found
        rows = tuple(map(going, found.go))
        disk = _disk(work.runner.seen)
    context.emit(
        Answered(Pruned(pruning.until, rows, found.stay, found.cache, disk, problems=found.problems))
    )
    return found


async def prune(hosts: Sequence[Host], pruning: Pruning, context: Context, agreed: Prunable | None) -> int:
    """Remove what there is to prune, and nothing else than was `agreed` on, if anything was."""
    async with _looked(hosts, pruning, context, agreed) as work:
        answer = await work.done(pruning)
    context.emit(Answered(answer))
    return done(answer.problems)


@asynccontextmanager
async def _looked(
    hosts: Sequence[Host], pruning: Pruning, context: Context, agreed: Prunable | None = None
) -> AsyncIterator[Work]:
    """Look at hosts, and keep the connections to those that answer."""
    async with context.reached(hosts) as (connections, lost):
        runner = context.runner(connections)
        there = [each for each in hosts if each.name in connections]
        known = await look(runner, there, lost, (DISK_USE,))
        go, stay = judged(known.images, pruning, time.time())
        cache = tuple(host for host in known.hosts if cached(runner.seen[host]))
        found = Prunable(tuple(go), tuple(stay), cache, known.problems)
        yield Work(found.of(agreed) if agreed else found, connections, runner, context)


def _disk(seen: Observed) -> dict[str, tuple[DiskUse, ...]]:
    return {host: each[DISK_USE] for host, each in seen.items()}


def _freed(before: Sequence[DiskUse], after: Sequence[DiskUse]) -> int:
    """Return by how much less is used, in bytes; others may have filled it meanwhile."""
    sizes = [sum(each.size for each in side if each.kind in COUNTED) for side in (before, after)]
    return max(0, sizes[0] - sizes[1])
