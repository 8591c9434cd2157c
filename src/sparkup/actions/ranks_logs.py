"""The logs of all ranks of a launch, also of one that is over: merged, and what they tell of its end."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sparkup.actions.context import done
from sparkup.actions.ranks import Reach
from sparkup.commands.node import Program
from sparkup.domain.answer import FirstCause
from sparkup.domain.command import Command
from sparkup.domain.event import Printed
from sparkup.domain.host import Host
from sparkup.domain.launch import RankState
from sparkup.domain.plan import Plan
from sparkup.errors import Problem, SparkupError
from sparkup.facts.engine_cause import first_cause
from sparkup.facts.launches import parse_exit
from sparkup.planning.launch import program_on, put_program
from sparkup.planning.readiness import Fallen, culprit, status_text
from sparkup.planning.several import missing
from sparkup.planning.stop import Found, program_for
from sparkup.run.executor import execute
from sparkup.run.merge import Line, Source, ahead, merge
from sparkup.run.program import program, program_name
from sparkup.run.reader import somebody_reads
from sparkup.run.together import together

LOOKED = 20_000  # last lines of a log in which the cause of an end is looked for
ASKING = 30.0  # seconds for a host to say whether it has a log


@dataclass(slots=True)
class Logs:
    """The logs of one attempt: the host of each rank that may have one, and what reads it there."""

    name: str
    attempt: str
    nodes: tuple[str, ...]
    hosts: dict[int, str] = field(default_factory=dict)
    sources: dict[str, Program] = field(default_factory=dict)

    def problems(self, there: Reach) -> tuple[Problem, ...]:
        """Say which ranks have no log that could be read."""
        return tuple(
            there.lost.get(host) or Problem("unknown-launch", f"rank {number} was not found", host)
            for number, host in enumerate(self.nodes)
            if number not in self.hosts
        )

    async def put(self, there: Reach) -> None:
        """Put our program where a log is; a rank on whose host it cannot be put is left out."""
        await _put(self.sources, there)
        self.hosts = {number: host for number, host in self.hosts.items() if host in self.sources}


async def sources_of(ranks: Sequence[Found], there: Reach) -> Logs:
    """Return the logs of ranks that were found; those of the others may be where they were."""
    first, seen = ranks[0][1], there.seen()
    found = Logs(first.launch, first.attempt, first.nodes)
    for host, rank in ranks if first.nodes else ranks[:1]:
        found.hosts[rank.rank] = host
        found.sources[host] = program_for(rank, seen[host], program_name())
    for number, host in missing(ranks).items() if first.nodes else ():
        if host in seen and host not in found.sources:
            found.hosts[number] = host
            found.sources[host] = program_on(seen[host], program_name())
    await found.put(there)
    return found


async def over(name: str, hosts: Sequence[Host], there: Reach) -> Logs:
    """Return the logs of the last launch of a name, where it is over and its state was put away."""
    found = Logs(name, "", ())
    for wave in (hosts[:1], hosts[1:]):  # the first of a cluster mostly has it: no other need be asked
        reached = await _reached(wave, there)
        told = await together({host: _head(name, host, there) for host in reached})
        where = next((host for host in reached if told[host]), "")
        if where:
            break
    else:
        return found
    head = told[where]
    nodes = tuple(map(str, head.get("nodes") or ()))
    asked = {each.name: each for each in hosts}
    found = Logs(name, str(head.get("attempt")), nodes, {int(head.get("rank") or 0): where})
    others = {number: node for number, node in enumerate(nodes) if number not in found.hosts}
    named = {number: asked.get(node) or there.called(node) for number, node in others.items()}
    known = {number: host for number, host in named.items() if host is not None}
    reached = await _reached(list(known.values()), there)
    found.hosts.update((number, host.name) for number, host in known.items() if host.name in reached)
    found.sources = {each: program_on(there.seen()[each], program_name()) for each in found.hosts.values()}
    await found.put(there)
    return found


async def _reached(hosts: Sequence[Host], there: Reach) -> list[str]:
    """Return the names of those hosts that have told of their launches."""
    await there.look(await there.to(hosts))
    seen = there.seen()
    return [host.name for host in hosts if host.name in seen]


async def _put(hosts: dict[str, Program], there: Reach) -> None:
    """Put our program on hosts; one on which it cannot be put is lost, and is left out from now on.

    Raises what was wrong where none is left.
    """
    errors: list[SparkupError] = []

    async def one(host: str) -> None:
        try:
            steps = put_program(there.seen()[host], program_name(), program())
            await execute(Plan(tuple(steps)), there.connections, there.context.emit)
        except SparkupError as error:
            there.lost[host] = error.problems[0]
            errors.append(error)
            del hosts[host]

    await together({host: one(host) for host in tuple(hosts)})
    if errors and not hosts:
        raise errors[0]


async def _head(name: str, host: str, there: Reach) -> Mapping[str, Any]:
    """Ask a host for the last launch of a name; return which rank of which attempt that was.

    Nothing of a host that breaks off: it is lost.
    """
    helper = program_on(there.seen()[host], program_name())
    argv = helper.timed(helper.logs(name, tail=0))
    try:
        await _put({host: helper}, there)
        result = await there.connections[host].run(Command(argv, timeout=ASKING))
    except SparkupError as error:
        there.lost[host] = error.problems[0]
        return {}
    head: Mapping[str, Any] = json.loads(result.stdout.splitlines()[0]) if result.status == 0 else {}
    return head


async def merged(found: Logs, excerpt: Mapping[str, Any], there: Reach) -> int:
    """Copy the logs of all ranks as one; raises PartlyDone with what could not be read."""

    def each(line: Line) -> None:
        there.context.emit(Printed(line.data + b"\n", line.rank, line.host))

    async with somebody_reads():
        sources = await _sources(found, excerpt, there)
        await merge(sources, each)
    return done((*found.problems(there), *_failures(sources)))


async def _sources(found: Logs, excerpt: Mapping[str, Any], there: Reach) -> list[Source]:
    async def source(host: str) -> Source:
        connection, shifted = there.connections[host], dict(excerpt)
        try:
            skew = await ahead(connection)
        except SparkupError as error:
            return Source(connection, (), problem=error.problems[0])
        since = shifted.get("since")
        if since is not None and since >= 0:  # below 0 it is before the host's own now
            shifted["since"] = since + skew
        program = found.sources[host]
        argv = program.timed(program.logs(found.name, **shifted, attempt=found.attempt))
        return Source(connection, argv, skew)

    return list((await together({host: source(host) for host in found.sources})).values())


def _failures(sources: Sequence[Source]) -> list[Problem]:
    silent = [each for each in sources if each.problem is None and not each.head]
    none = [Problem("unknown-launch", "there is no log of this attempt", each.host) for each in silent]
    return [*(each.problem for each in sources if each.problem is not None), *none]


async def cause_of(found: Logs, there: Reach) -> FirstCause:
    """Return why a launch ended, by the log of the rank that ended first by itself."""
    sources = await _sources(found, {"tail": LOOKED}, there)
    lines: dict[str, deque[str]] = {each.host: deque(maxlen=LOOKED) for each in sources}
    await merge(sources, lambda line: lines[line.host].append(line.data.decode(errors="replace")))
    ranks = [Fallen(each.host, _state(found, each), tuple(lines[each.host])) for each in sources if each.head]
    ended = [each for each in ranks if each.rank.exit is not None] or ranks
    if not ended:
        return FirstCause(found.name, 0, found.hosts[min(found.hosts)], "", "", ())
    first = culprit(ended)
    cause, end = first_cause(first.lines), first.rank.exit
    if end is not None and (end.asked or (end.because and not (cause and cause.root))):
        # Somebody stopped it, or its supervisor did, because of a rank that is not among these.
        return FirstCause(found.name, first.rank.rank, first.host, end.because, "", ())
    message = cause.message if cause else status_text(end.status) if end and end.status else ""
    told = (cause.hint, cause.lines) if cause else ("", ())
    return FirstCause(found.name, first.rank.rank, first.host, message, *told)


def _state(found: Logs, source: Source) -> RankState:
    """Return what the log's own host says of a rank, on our clock."""
    end = parse_exit(source.head.get("exit") or {})
    at = None if end is None else replace(end, at=end.at - source.ahead)
    return RankState(
        found.name, found.attempt, source.rank, "", 0.0, alive=at is None, pid=0, argv=(), exit=at
    )
