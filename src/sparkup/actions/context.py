"""What every action is given: where events go, which signals came, how hosts are reached."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sparkup.connect.base import Connection
from sparkup.connect.door import connect
from sparkup.connect.host_keys import HostKey, Trusts, unknown_key, write_down
from sparkup.connect.master import DEFAULTS, Options
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan
from sparkup.errors import HostUnreachable, PartlyDone, Problem
from sparkup.run.executor import Emit, Results, execute
from sparkup.run.gather import Live
from sparkup.run.interrupts import Interrupts
from sparkup.run.phases import Runner
from sparkup.run.together import together

Connections = Mapping[str, Connection]


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of an action. `memory` is the folder of recorded facts."""

    emit: Emit
    interrupts: Interrupts
    memory: Path
    options: Options = DEFAULTS
    trusts: Trusts | None = None  # asks the user whether keys are those of the hosts, where one can be asked

    @asynccontextmanager
    async def connected(self, hosts: Iterable[Host]) -> AsyncIterator[Connections]:
        """Open a connection to each host; all are closed at the end.

        Raises HostUnreachable with what is wrong with each that cannot be reached.
        """
        async with AsyncExitStack() as stack:
            connections, lost = await self._opened(hosts, stack)
            if lost:
                raise HostUnreachable(*lost)
            yield connections

    @asynccontextmanager
    async def reached(self, hosts: Iterable[Host]) -> AsyncIterator[tuple[Connections, tuple[Problem, ...]]]:
        """Open a connection to each host that can be reached; say what is wrong with the others.

        For what one host does without the others. Raises HostUnreachable when there is none at all.
        """
        async with AsyncExitStack() as stack:
            connections, lost = await self._opened(hosts, stack)
            if not connections:
                raise HostUnreachable(*lost)
            yield connections, tuple(lost)

    async def _opened(
        self, hosts: Iterable[Host], stack: AsyncExitStack
    ) -> tuple[Connections, list[Problem]]:
        """Open all connections at once; the stack closes them. What keys are not known is asked of all."""

        async def opened(host: Host) -> Connection | HostUnreachable:
            door = connect(host, self.options)
            try:
                connection = await door.__aenter__()
            except HostUnreachable as error:
                return error
            stack.push_async_exit(door)
            return connection

        named = {host.name: host for host in hosts}
        found = await together({name: opened(host) for name, host in named.items()})
        met: set[Host] = set()
        while again := await self._introduced(named, found, met):  # those of hosts on the way come first
            found |= await together({host.name: opened(host) for host in again})
        lost = [each.problems for each in found.values() if isinstance(each, HostUnreachable)]
        there = {name: each for name, each in found.items() if not isinstance(each, HostUnreachable)}
        return there, [problem for problems in lost for problem in problems]

    async def _introduced(
        self, named: Mapping[str, Host], found: dict[str, Connection | HostUnreachable], met: set[Host]
    ) -> Sequence[Host]:
        """Return the hosts whose keys are known now; of the others, say what the key is.

        Nobody is asked twice for the key of one host: those that were asked for are in `met`.
        """
        strangers = [named[name] for name, each in found.items() if _unknown(each)]
        keys = await together({host.name: unknown_key(host, self.options) for host in strangers})
        asked = []
        for host in strangers:
            if key := keys[host.name]:
                found[host.name] = HostUnreachable(key.problem(host, self.options.config))
                asked += [(host, key)] if key.may_be_added and key.host not in met else []
        new = {key.host: key for _, key in asked}
        met |= set(new)
        if not new or not await self._trusted(tuple(new.values())):
            return ()
        failed = write_down(tuple(new.values()))
        for host, key in asked:
            if why := failed.get(key.file):
                message = f"its key cannot be written to {key.file}: {why}"
                found[host.name] = HostUnreachable(Problem("file-not-written", message, host.name))
        return [host for host, key in asked if key.file not in failed]

    async def _trusted(self, keys: Sequence[HostKey]) -> bool:
        if self.options.accept_new_host_keys:  # SSH took all others: these are of hosts on the way
            return True
        return self.trusts is not None and await self.trusts(keys)

    def runner(self, connections: Connections) -> Runner:
        """Return a runner that carries out what is planned."""

        async def carry_out(plan: Plan) -> Results:
            return await execute(plan, connections, self.emit)

        return Runner(Live(connections, self.memory), carry_out, self.emit)


def _unknown(found: Connection | HostUnreachable) -> bool:
    return isinstance(found, HostUnreachable) and found.problems[0].code == "host-key-unknown"


def done(problems: Sequence[Problem]) -> int:
    """Return 0 for work that is done; raises PartlyDone with what is not, when the rest was answered."""
    if problems:
        raise PartlyDone(*problems)
    return 0
