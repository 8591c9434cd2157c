"""Find the other hosts of a fabric: look from one of them, log in to what answers, keep what is a Spark."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from sparkup.actions.context import Connections, Context
from sparkup.connect.base import Connection
from sparkup.domain.discovery import Found, FoundHost, Left, Search, Sighting
from sparkup.domain.event import PhaseFinished, PhaseStarted
from sparkup.domain.fabric import Interface
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, Problem, SparkupError
from sparkup.facts.links import LINKS
from sparkup.planning.cluster import gpus
from sparkup.planning.discovery import (
    ORIGIN,
    PEER,
    Net,
    found_host,
    judged,
    networks,
    owned,
    scan_fact,
    sightings,
    small,
)
from sparkup.run.gather import Facts, Live
from sparkup.run.phases import Runner

KEYS_ONLY = ("PasswordAuthentication=no", "KbdInteractiveAuthentication=no")  # no password for strangers
AT_ONCE = 32  # logins: each is a process here
CONNECT = 4  # seconds: what is looked for is a cable away
TITLE = "Look for other hosts"


@dataclass(slots=True)
class Hunt:
    """What was found so far; hosts, what they answered and how they are reached by their keys."""

    stack: AsyncExitStack
    context: Context
    search: Search
    nets: tuple[Net, ...]
    hosts: dict[str, FoundHost] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    met: dict[str, FoundHost] = field(default_factory=dict)  # those that were not taken, too

    def keep(self, host: FoundHost, seen: Seen, connection: Connection) -> None:
        """Take a host."""
        self.met[host.key] = host
        self.hosts[host.key], self.seen[host.key], self.connections[host.key] = host, seen, connection

    async def take(self, sighted: Sequence[Sighting]) -> None:
        """Log in to what was sighted, many at once, and judge it in its order."""
        for begin in range(0, len(sighted), AT_ONCE):
            await self._take(sighted[begin : begin + AT_ONCE])

    async def _take(self, sighted: Sequence[Sighting]) -> None:
        connections, lost = await self._reach([Host(each.address, each.address) for each in sighted])
        looked = await _looked(dict.fromkeys(connections, PEER), connections)
        for each in sighted:
            there = looked.get(each.address)
            if isinstance(there, Seen):
                self._judge(each, there, connections[each.address])
            elif why := there or lost.get(each.address):
                self.left.append(Left(each.address, each.told, why.code, why.message, why.hint))

    def _judge(self, sighting: Sighting, seen: Seen, connection: Connection) -> None:
        found = judged(sighting, seen, self.met, self.nets, any_machine=self.search.any_machine)
        who = found_host(sighting.name, sighting.address, sighting.told, seen)
        self.met.setdefault(who.key, who)
        if isinstance(found, Left):
            self.left.append(found)
        elif found is not None:
            self.keep(found, seen, connection)

    async def _reach(self, hosts: Sequence[Host]) -> tuple[Connections, Mapping[str, Problem]]:
        if not hosts:
            return {}, {}
        try:
            there, lost = await self.stack.enter_async_context(self.context.reached(hosts))
        except HostUnreachable as error:
            return {}, {each.where: each for each in error.problems}
        return there, {each.where: each for each in lost}

    def runner(self, found: Found) -> Runner:
        """Return a runner for hosts that were found, by the names that they have now."""
        runner = self.context.runner({host.name: self.connections[host.key] for host in found.hosts})
        runner.seen = {host.name: Seen(host.name, self.seen[host.key].values) for host in found.hosts}
        return runner


async def _looked(wanted: Mapping[str, Facts], connections: Connections) -> Mapping[str, Seen | Problem]:
    """Return what hosts answered, or what was wrong: one that cannot tell does not spoil the others."""

    async def one(name: str) -> Seen | Problem:
        try:
            return (await Live(connections).look({name: wanted[name]}))[name]
        except SparkupError as error:
            return error.problems[0]

    return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))


@asynccontextmanager
async def discovered(
    origin: Host, known: Sequence[Sighting], search: Search, context: Context
) -> AsyncIterator[tuple[Found, Hunt]]:
    """Find hosts, and keep the connections to them. Raises HostUnreachable where the search cannot begin."""
    begun = time.monotonic()
    context.emit(PhaseStarted(TITLE))
    options = context.options
    extra = (*options.extra, *KEYS_ONLY)
    context = replace(context, options=replace(options, extra=extra, connect_timeout=CONNECT))
    async with AsyncExitStack() as stack:
        connections = await stack.enter_async_context(context.connected([origin]))
        live = Live(connections)
        seen = (await live.look({origin.name: ORIGIN}))[origin.name]
        interfaces: tuple[Interface, ...] = seen[LINKS]
        hunt = Hunt(stack, context, search, networks(interfaces))
        told = "this machine" if origin.is_local else "the search began there"
        name = "" if origin.is_local else origin.name
        hunt.keep(found_host(name, origin.address, (told,), seen), seen, connections[origin.name])
        await hunt.take(known)
        if 0 < search.enough <= gpus(seen):
            search = replace(search, scan=False)
            hunt.nets = ()
        scanned, notes = small(hunt.nets, large=search.large) if search.scan else ((), ())
        answered = await _scan(live, origin.name, scanned)
        for group in sightings(seen, hunt.nets, scanned, answered):
            there = owned(hunt.met.values())
            await hunt.take([each for each in group if each.address not in there])
        context.emit(PhaseFinished(TITLE, time.monotonic() - begun))
        where = tuple(str(net.network) for net in scanned)
        yield Found(tuple(hunt.hosts.values()), tuple(hunt.left), notes, where), hunt


async def _scan(live: Live, origin: str, nets: Sequence[Net]) -> tuple[tuple[str, str], ...]:
    if not nets:
        return ()
    fact = scan_fact(nets)
    answered: tuple[tuple[str, str], ...] = (await live.look({origin: [fact]}))[origin][fact]
    return answered
