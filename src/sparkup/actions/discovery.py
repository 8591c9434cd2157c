"""Find the other hosts of a fabric: look from one, log in to what answers, go on from each that is taken."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from sparkup.actions.context import Connections, Context
from sparkup.actions.nearer import nearer
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
    Heard,
    Here,
    Net,
    addresses_near,
    all_networks,
    cages_once,
    found_host,
    judged,
    may_reach,
    networks,
    owned,
    scan_fact,
    sightings,
    silent,
    small,
    unheard,
)
from sparkup.run.gather import Facts, Live
from sparkup.run.phases import Runner

KEYS_ONLY = ("PasswordAuthentication=no", "KbdInteractiveAuthentication=no")  # no password for strangers
AT_ONCE = 32  # logins: each is a process here
CONNECT = 4  # seconds: what is looked for is a cable away
HOSTS, LONGEST = 16, 60.0  # hosts, and seconds, after which the search goes on from no further host
TITLE = "Look for other hosts"


@dataclass(slots=True)
class Hunt:
    """What was found so far; hosts, what they answered and how they are reached by their keys."""

    stack: AsyncExitStack
    context: Context
    search: Search
    here: Here
    hosts: dict[str, FoundHost] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    met: dict[str, FoundHost] = field(default_factory=dict)  # those that were not taken, too
    heard: Heard = field(default_factory=set)
    scanned: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def keep(self, host: FoundHost, seen: Seen, connection: Connection) -> None:
        """Take a host."""
        self.met[host.key] = host
        self.hosts[host.key], self.seen[host.key], self.connections[host.key] = host, seen, connection

    async def look_from(self, hosts: Sequence[FoundHost]) -> None:
        """Look at the networks of hosts in which nobody has looked, and take whom they see.

        What is on the cables of one step is logged in to together, so that keys are asked about once; then
        what is only on a twin.
        """
        looks = await asyncio.gather(*map(self._look_from, hosts))
        nets = [net for seen in looks for net in seen]
        for twins in (False, True):
            once = {net for seen in looks for net in cages_once(list(seen))}
            groups = [group for seen in looks for net, group in seen.items() if (net not in once) is twins]
            await self.take([each for group in groups for each in group], nets)

    async def _look_from(self, host: FoundHost) -> Mapping[Net, Sequence[Sighting]]:
        """Return the networks of a host in which nobody has looked, and who is seen in each."""
        nets = unheard(networks(host.interfaces), self.heard)
        scanned: tuple[Net, ...] = ()
        answered: tuple[tuple[str, str], ...] = ()
        if self.search.scan:
            fit, notes = small(nets, large=self.search.large)
            self.notes += notes
            scanned = cages_once(fit)
            answered = await self._scan(host, scanned)
            more = silent(fit, scanned, answered)
            answered += await self._scan(host, more)
            scanned += more
            nets = tuple(net for net in nets if net in scanned or net not in fit)  # not what twins repeat
        self.scanned += [str(net.network) for net in scanned]
        return dict(zip(nets, sightings(self.seen[host.key], nets, scanned, answered, host), strict=True))

    async def _scan(self, host: FoundHost, nets: Sequence[Net]) -> tuple[tuple[str, str], ...]:
        if not nets:
            return ()
        fact = scan_fact(nets)
        looked = (await _looked({host.name: [fact]}, {host.name: self.connections[host.key]}))[host.name]
        answered: tuple[tuple[str, str], ...] = looked[fact] if isinstance(looked, Seen) else ()
        self.heard |= {(net.network, address) for net in nets for _, address in answered}
        return answered

    async def take(self, sighted: Sequence[Sighting], nets: Sequence[Net]) -> None:
        """Log in to what was sighted in networks and is not known yet, many at once; judge it in order."""
        there = owned(self.met.values())
        once = {each.address: each for each in reversed(sighted) if each.name or each.address not in there}
        new = [each for each in sighted if each is once.get(each.address)]
        for begin in range(0, len(new), AT_ONCE):
            await self._take(new[begin : begin + AT_ONCE], nets)

    async def _take(self, sighted: Sequence[Sighting], nets: Sequence[Net]) -> None:
        found, lost = await self._reach([each for each in sighted if may_reach(each, self.here)])
        far = [each for each in sighted if each.via and _out_of_reach(each.address, found, lost)]
        further, lost_too = await self._reach(far, through=True)
        connections, lost = {**found, **further}, {**lost, **lost_too}
        looked = await _looked(dict.fromkeys(connections, PEER), connections)
        taken = []
        for each in sighted:
            there = looked.get(each.address)
            if isinstance(there, Seen):
                seen_at = each if each.address in further else replace(each, via="")
                taken += self._judge(seen_at, there, connections[each.address], nets)
            elif why := there or lost.get(each.address):
                self.left.append(Left(each.address, each.told, why.code, why.message, why.hint))
        lan = {host.key: keys for host in taken if (keys := addresses_near(host, self.here))}
        for key, (host, connection) in (await nearer(self.stack, self.context, self.seen, lan)).items():
            self.keep(replace(self.hosts[key], address=host.address, via=""), self.seen[key], connection)

    def _judge(
        self, sighting: Sighting, seen: Seen, connection: Connection, nets: Sequence[Net]
    ) -> list[FoundHost]:
        found = judged(sighting, seen, self.met, nets, any_machine=self.search.any_machine)
        who = found_host(sighting.name, sighting.address, sighting.told, seen, sighting.via)
        self.met.setdefault(who.key, who)
        if isinstance(found, Left):
            self.left.append(found)
        elif found is not None:
            self.keep(found, seen, connection)
            return [found]
        return []

    async def _reach(
        self, sighted: Sequence[Sighting], *, through: bool = False
    ) -> tuple[Connections, Mapping[str, Problem]]:
        if not sighted:
            return {}, {}
        hosts = [Host(each.address, each.address, each.via if through else "") for each in sighted]
        try:
            there, lost = await self.stack.enter_async_context(self.context.reached(hosts))
        except HostUnreachable as error:
            return {}, {each.where: each for each in error.problems}
        return there, {each.where: each for each in lost}

    def not_taken(self) -> tuple[Left, ...]:
        """Return what was left, without addresses that were not reached of hosts that were taken."""
        own = owned(self.hosts.values())
        return tuple(
            each for each in self.left if not (each.code == "host-unreachable" and each.address in own)
        )

    def runner(self, found: Found) -> Runner:
        """Return a runner for hosts that were found, by the names that they have now."""
        runner = self.context.runner({host.name: self.connections[host.key] for host in found.hosts})
        runner.seen = {host.name: Seen(host.name, self.seen[host.key].values) for host in found.hosts}
        return runner


def _out_of_reach(address: str, found: Connections, lost: Mapping[str, Problem]) -> bool:
    """Say whether there is no way from here to an address: who answers and lets us not in is no such."""
    return address not in found and (address not in lost or lost[address].code == "host-unreachable")


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
        seen = (await Live(connections).look({origin.name: ORIGIN}))[origin.name]
        interfaces: tuple[Interface, ...] = seen[LINKS]
        hunt = Hunt(stack, context, search, all_networks(interfaces) if origin.is_local else None)
        told = "this machine" if origin.is_local else "the search began there"
        first = found_host("" if origin.is_local else origin.name, origin.address, (told,), seen, origin.via)
        hunt.keep(first, seen, connections[origin.name])
        await hunt.take(known, networks(first.interfaces))
        if not 0 < search.enough <= gpus(seen):
            await _go_on(hunt, first, search.enough - gpus(seen), begun + LONGEST)
        context.emit(PhaseFinished(TITLE, time.monotonic() - begun))
        yield (
            Found(tuple(hunt.hosts.values()), hunt.not_taken(), tuple(hunt.notes), tuple(hunt.scanned)),
            hunt,
        )


async def _go_on(hunt: Hunt, first: FoundHost, others: int, end: float) -> None:
    """Look from the first host, then from all that are found; so many `others` are enough, if > 0."""
    looked: set[str] = set()
    hosts = [first]
    while hosts and not 0 < others < len(hunt.hosts):
        if len(hunt.hosts) > HOSTS or time.monotonic() > end:
            names = ", ".join(host.name for host in hosts)
            hunt.notes.append(f"the search ended after {HOSTS} hosts or {LONGEST:.0f} s: not on from {names}")
            return
        await hunt.look_from(hosts)
        looked |= {host.key for host in hosts}
        more = [host for key, host in hunt.hosts.items() if key not in looked]
        hosts = [host for host in more if unheard(networks(host.interfaces), hunt.heard)]
