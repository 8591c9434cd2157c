"""Find the other hosts of a fabric: look from one, log in to what answers, go on from each that is taken."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

from sparkup.actions.asked import looked, peers, shown
from sparkup.actions.context import Connections, Context
from sparkup.actions.nearer import nearer
from sparkup.connect.base import Connection
from sparkup.connect.host_keys import HostKey, Trusts
from sparkup.domain.discovery import Found, FoundHost, Left, Search, Sighting
from sparkup.domain.event import PhaseFinished, PhaseStarted
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, Problem
from sparkup.planning.cluster import gpus
from sparkup.planning.discovery import (
    ORIGIN,
    Heard,
    Here,
    Net,
    addresses_near,
    all_networks,
    as_shown,
    cages_once,
    found_host,
    is_direct,
    judged,
    networks,
    owned,
    scan_fact,
    scan_seconds,
    sightings,
    silent,
    small,
    some,
    unheard,
)
from sparkup.run.gather import Live
from sparkup.run.phases import Runner

KEYS_ONLY = ("PasswordAuthentication=no", "KbdInteractiveAuthentication=no")  # no password for strangers
AT_ONCE = 32  # logins: each is a process here
CONNECT = 4  # seconds: what is looked for is a cable away
HOSTS = 16  # after so many the search goes on from no further host
LONGEST, LONGEST_LARGE = 60.0, 300.0  # seconds, without those of questions; with large networks
TITLE = "Look for other hosts"


@dataclass(slots=True)
class Hunt:
    """What was found so far; hosts, what they answered and how they are reached by their keys."""

    stack: AsyncExitStack
    context: Context
    search: Search
    here: Here = None
    cabled: tuple[IPv4Network, ...] = ()  # networks of RDMA ports here
    begun: float = field(default_factory=time.monotonic)
    hosts: dict[str, FoundHost] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    met: dict[str, FoundHost] = field(default_factory=dict)  # those that were not taken, too
    heard: Heard = field(default_factory=set)
    scanned: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """Return the seconds after which nothing further is begun."""
        return LONGEST_LARGE if self.search.large else LONGEST

    @property
    def late(self) -> bool:
        """Say whether the time is over."""
        return time.monotonic() > self.begun + self.longest

    def unhurried(self, trusts: Trusts | None) -> Trusts:
        """Return how the user is asked, without the time that this takes being the search's."""

        async def asked(keys: Sequence[HostKey]) -> bool:
            began = time.monotonic()
            try:
                return trusts is not None and await trusts(keys)
            finally:
                self.begun += time.monotonic() - began

        return asked

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
            scanned, answered = await self._scan(host, cages_once(fit))
            if scanned:
                also, more = await self._scan(host, silent(fit, scanned, answered))
                scanned, answered = scanned + also, answered + more
                nets = tuple(net for net in nets if net in scanned or net not in fit)  # not what twins repeat
        self.scanned += [str(net.network) for net in scanned]
        told: Sequence[Sequence[Sighting]]
        told = sightings(self.seen[host.key], nets, scanned, answered, host)
        if host.address:
            told, note = some(told, host)
            self.notes += filter(None, [note])
        return dict(zip(nets, told, strict=True))

    async def _scan(
        self, host: FoundHost, nets: Sequence[Net]
    ) -> tuple[tuple[Net, ...], tuple[tuple[str, str], ...]]:
        """Return which networks were scanned, and who answered in them."""
        if not nets:
            return (), ()
        fact, connections = scan_fact(nets), {host.name: self.connections[host.key]}
        there = (await looked({host.name: [fact]}, connections, scan_seconds(nets)))[host.name]
        if isinstance(there, Problem):
            names = ", ".join(str(net.network) for net in nets)
            self.notes.append(f"{names} could not be scanned from {host.name}: {there.message}")
            return (), ()
        answered = there[fact]
        self.heard |= {(net.network, address) for net in nets for _, address in answered}
        return tuple(nets), answered

    async def take(self, sighted: Sequence[Sighting], nets: Sequence[Net]) -> None:
        """Log in to what was sighted in networks and is not known yet, many at once; judge it in order."""
        there = owned(self.met.values())
        once = {each.address: each for each in reversed(sighted) if each.name or each.address not in there}
        new = [each for each in sighted if each is once.get(each.address)]
        for begin in range(0, len(new), AT_ONCE):
            if self.late:
                rest = f"{len(new) - begin} addresses that were seen were not tried"
                self.notes.append(f"the search ended after {self.longest:.0f} s: {rest}")
                return
            await self._take(new[begin : begin + AT_ONCE], nets)

    async def _take(self, sighted: Sequence[Sighting], nets: Sequence[Net]) -> None:
        direct = [replace(each, via="") for each in sighted if is_direct(each, self.cabled)]
        connections, lost = await self._reach(direct)
        far = [each for each in sighted if each.via and _goes_on(each.address, connections, lost)]
        further, lost_too = await self._reach(far)
        ways = {each.address: each for each in (*direct, *far)}
        connections, lost = {**connections, **further}, {**lost_too, **_telling(lost, lost_too)}
        hosts = {address: _host(ways[address]) for address in connections}
        answers, notes = await peers(hosts, connections, self.context.options)
        self.notes += notes
        taken: list[FoundHost] = []
        for each in sighted:
            there = answers.get(each.address)
            if isinstance(there, Seen):
                found = self._judge(ways[each.address], there, connections[each.address], nets)
                taken += found if not each.name else ()  # the inventory has the way to it
            elif why := there or lost.get(each.address):
                self.left.append(Left(each.address, each.told, why.code, why.message, why.hint))
        near = {host.key: addresses for host in taken if (addresses := addresses_near(host, self.here))}
        for key, (host, connection) in (await nearer(self.stack, self.context, near)).items():
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

    async def _reach(self, sighted: Sequence[Sighting]) -> tuple[Connections, Mapping[str, Problem]]:
        if not sighted:
            return {}, {}
        reached = self.context.reached(map(_host, sighted))
        try:
            there, lost = await self.stack.enter_async_context(reached)
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


def _host(sighting: Sighting) -> Host:
    return Host(sighting.address, sighting.address, sighting.via)


def _telling(lost: Mapping[str, Problem], through: Mapping[str, Problem]) -> Mapping[str, Problem]:
    """Return what is told of the straight ways: who refuses a login tells more than one who is not there."""
    return {key: why for key, why in lost.items() if key not in through or why.code != "host-unreachable"}


def _goes_on(address: str, found: Connections, lost: Mapping[str, Problem]) -> bool:
    """Say whether the way through another host is tried: with the same numbers it may be another machine."""
    return address not in found and (address not in lost or lost[address].code != "host-key-unknown")


@asynccontextmanager
async def discovered(
    origin: Host, known: Sequence[Sighting], search: Search, context: Context
) -> AsyncIterator[tuple[Found, Hunt]]:
    """Find hosts, and keep the connections to them. Raises HostUnreachable where the search cannot begin."""
    began = time.monotonic()
    context.emit(PhaseStarted(TITLE))
    options = context.options
    extra = (*options.extra, *KEYS_ONLY)
    context = replace(context, options=replace(options, extra=extra, connect_timeout=CONNECT))
    async with AsyncExitStack() as stack:
        connections = await stack.enter_async_context(context.connected([origin]))
        seen = (await Live(connections).look({origin.name: ORIGIN}))[origin.name]
        hunt = Hunt(stack, context, search)
        hunt.context = replace(context, trusts=hunt.unhurried(context.trusts))
        for key in (await shown([] if origin.is_local else [origin], context.options)).values():
            seen, note = as_shown(seen, key, origin.address)
            hunt.notes += filter(None, [note])
        told = "this machine" if origin.is_local else "the search began there"
        first = found_host("" if origin.is_local else origin.name, origin.address, (told,), seen, origin.via)
        hunt.keep(first, seen, connections[origin.name])
        nets = networks(first.interfaces)
        if origin.is_local:
            hunt.here, hunt.cabled = all_networks(first.interfaces), tuple(net.network for net in nets)
        await hunt.take(known, nets)
        if not 0 < search.enough <= gpus(seen):
            await _go_on(hunt, first, search.enough - gpus(seen))
        context.emit(PhaseFinished(TITLE, time.monotonic() - began))
        yield (
            Found(tuple(hunt.hosts.values()), hunt.not_taken(), tuple(hunt.notes), tuple(hunt.scanned)),
            hunt,
        )


async def _go_on(hunt: Hunt, first: FoundHost, others: int) -> None:
    """Look from the first host, then from all that are found; so many `others` are enough, if > 0."""
    looked: set[str] = set()
    hosts = [first]
    while hosts and not 0 < others < len(hunt.hosts):
        if len(hunt.hosts) > HOSTS or hunt.late:
            names = ", ".join(host.name for host in hosts)
            ended = f"the search ended after {HOSTS} hosts or {hunt.longest:.0f} s"
            hunt.notes.append(f"{ended}: not on from {names}")
            return
        await hunt.look_from(hosts)
        looked |= {host.key for host in hosts}
        more = [host for key, host in hunt.hosts.items() if key not in looked]
        hosts = [host for host in more if unheard(networks(host.interfaces), hunt.heard)]
