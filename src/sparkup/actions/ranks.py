"""The ranks of launches on all their hosts, found from whichever of those was asked first."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sparkup.actions.chosen import chosen
from sparkup.actions.context import Context
from sparkup.connect.base import Connection
from sparkup.domain.fact import Fact, Observed
from sparkup.domain.host import Host
from sparkup.errors import GateRefused, HostUnreachable, InputRefused, Problem
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.several import groups, missing
from sparkup.planning.stop import Found, found
from sparkup.run.phases import Runner

Called = Callable[[str], Host | None]  # how a host is reached that a launch names
HERE = -1  # as the number of a rank: the one on the first host


@dataclass(slots=True)
class Reach:
    """Hosts that are reached as it turns out that they are needed; `lost`: what is wrong with the others."""

    context: Context
    called: Called
    runner: Runner
    connections: dict[str, Connection]
    stack: AsyncExitStack
    lost: dict[str, Problem] = field(default_factory=dict)

    async def to(self, hosts: Iterable[Host]) -> list[str]:
        """Reach further hosts; return the names of those that are new and there."""
        new = {each.name: each for each in hosts}
        new = {name: each for name, each in new.items() if name not in self.connections | self.lost}
        if not new:
            return []
        try:
            there, lost = await self.stack.enter_async_context(self.context.reached(new.values()))
        except HostUnreachable as error:
            there, lost = {}, tuple(error.problems)
        self.connections.update(there)
        self.lost.update((problem.where, problem) for problem in lost)
        return list(there)

    async def look(self, names: Iterable[str], *more: Fact[Any]) -> None:
        """See which launches hosts have, all at once; one that does not answer is lost."""
        wanted: tuple[Fact[Any], ...] = (MACHINE, LAUNCHES, *more)
        facts = dict.fromkeys(names, wanted)
        if facts:
            silent = await self.runner.look(f"Look at {', '.join(facts)}", facts)
            self.lost.update((name, error.problems[0]) for name, error in silent.items())

    def seen(self) -> Observed:
        """Return what was seen of the hosts that have told of their launches."""
        return {host: each for host, each in self.runner.seen.items() if LAUNCHES.name in each.values}


@asynccontextmanager
async def reach(context: Context, called: Called) -> AsyncIterator[Reach]:
    """Reach hosts for the time of a `with`."""
    async with AsyncExitStack() as stack:
        connections = dict[str, Connection]()
        yield Reach(context, called, context.runner(connections), connections, stack)


async def ranks_of(
    name: str | None, hosts: Sequence[Host], verb: str, there: Reach, number: int | None = None
) -> list[Found]:
    """Return the ranks that can be reached of the launch that is meant, the head first if it is there.

    The first host is asked alone: what it has is meant, and of one rank no other host need be reached,
    nor when it has the rank that is wanted (`number`, HERE for whichever it has).
    Raises as `choose` does, HostUnreachable where no host is there.
    """
    first, *rest = hosts
    here: list[Found] = []
    if await there.to([first]):
        try:
            here = await chosen(name, (first.name,), verb, there.runner)
        except (InputRefused, GateRefused):
            if not rest:
                raise
    if not here:
        here = await _elsewhere(name, hosts, verb, there)
    mine = [each for each in here if each[1].attempt == here[0][1].attempt]
    if number == HERE or any(rank.rank == number for _, rank in mine):
        return mine
    return sorted((*mine, *await others(mine, hosts, there)), key=lambda each: each[1].rank)


async def _elsewhere(name: str | None, hosts: Sequence[Host], verb: str, there: Reach) -> list[Found]:
    await there.to(hosts)
    if not there.connections:
        raise HostUnreachable(*there.lost.values())
    try:
        return await chosen(name, tuple(there.connections), verb, there.runner)
    except InputRefused as error:
        raise error.with_problems(*there.lost.values()) from None  # it may be where we could not look


async def others(known: Sequence[Found], hosts: Sequence[Host], there: Reach) -> list[Found]:
    """Return the further ranks of launches, on hosts that their launcher named or that were asked.

    Only ranks of the same attempts; those that cannot be reached are left out.
    """
    asked = {host.name: host for host in hosts}
    have = {(rank.attempt, rank.rank) for _, rank in known}
    wanted = [host for each in groups(known).values() for host in missing(each).values()]
    if not wanted:
        return []
    named = [asked.get(host) or there.called(host) for host in wanted]
    more: dict[tuple[str, int], Found] = {}

    def find() -> bool:
        for host, rank in found(there.seen()):
            key = (rank.attempt, rank.rank)
            if (rank.launch, rank.attempt) in groups(known) and key not in have:
                more.setdefault(key, (host, rank))  # a host may have two names
        return len(more) == len(wanted)

    for wave in ([host for host in named if host is not None], hosts):
        if not find():
            await there.look(await there.to(wave))
    if not find():  # its folder may be gone, and only its container be there
        await there.look(there.seen(), CONTAINERS)
        find()
    return list(more.values())
