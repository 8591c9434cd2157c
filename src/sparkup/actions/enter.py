"""Exec: run a command where a launch runs, with its environment: on this terminal, or on all of its ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkup.actions.context import Context, done
from sparkup.actions.ranks import HERE, Called, Reach, ranks_of, reach
from sparkup.commands import containers
from sparkup.connect.base import Connection
from sparkup.domain.command import Command
from sparkup.domain.event import Printed, Warned
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan
from sparkup.errors import CommandNotExecutable, CommandNotFound, HostUnreachable, SparkupError
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import CONTAINERS, image
from sparkup.planning.containers import container_of, user_of
from sparkup.planning.entering import WITHOUT_INPUT, first_status, not_run
from sparkup.planning.launch import put_program
from sparkup.planning.several import absent, pick
from sparkup.planning.stop import Found, program_for
from sparkup.run.executor import execute
from sparkup.run.phases import Phase
from sparkup.run.program import program, program_name
from sparkup.run.reader import somebody_reads
from sparkup.run.together import together

LOOKING = 10.0  # seconds for an engine to say whether a command is there


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be run in which rank of which launch (HERE: that of the host); `tty`: with a terminal."""

    name: str | None
    rank: int
    argv: tuple[str, ...]
    tty: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to where a rank runs: `words` run the command there, `lookup` sees whether it is there."""

    words: tuple[str, ...]
    lookup: tuple[str, ...] = ()


async def enter(wanted: Wanted, hosts: Sequence[Host], context: Context, called: Called) -> int:
    """Run a command in a launch's environment and return its exit status."""
    async with reach(context, called) as there:
        ranks = await ranks_of(wanted.name, hosts, "exec", there, wanted.rank)
        known, where = ranks[0][1], {rank.rank: host for host, rank in reversed(ranks)}
        number = known.rank if wanted.rank == HERE else wanted.rank
        host = pick(known.launch, number, known.nodes, where, there.lost)
        meant = next(each for each in ranks if each[0] == host and each[1].rank == number)
        way = (await _ways([meant], wanted.argv, there, tty=wanted.tty))[0]
        connection = there.connections[host]
        status = _status(await connection.interact(Command(way.words), tty=wanted.tty))
        if refused := await _refused(status, way, wanted.argv[0], connection):
            raise refused
        return status


async def _refused(status: int, way: Way, name: str, connection: Connection) -> SparkupError | None:
    """Say whether the engine has refused: its status is 126 for docker whatever the reason was."""
    if not way.lookup or status not in (CommandNotFound.exit_status, CommandNotExecutable.exit_status):
        return None
    said = await connection.run(Command(way.lookup, timeout=LOOKING))
    return not_run(said, name, connection.host.name)


async def on_all(
    name: str | None, hosts: Sequence[Host], argv: tuple[str, ...], context: Context, called: Called
) -> int:
    """Run a command in all ranks of a launch, without an input; return the first status that is not 0.

    Raises PartlyDone where it went well in those ranks that could be reached.
    """
    async with reach(context, called) as there:
        ranks = await ranks_of(name, hosts, "exec", there)
        ranks = ranks if ranks[0][1].nodes else ranks[:1]
        ways = await _ways(ranks, argv, there, tty=False)
        lost = list(absent(ranks, there.lost))

        async def one(rank: Found, way: Way) -> int:
            try:
                return await _shown(rank, way, argv[0], there)
            except HostUnreachable as error:
                lost.extend(error.problems)
                return 0

        async with somebody_reads():
            works = {
                str(rank.rank): one((host, rank), way) for (host, rank), way in zip(ranks, ways, strict=True)
            }
            statuses = await together(works)
        return _ended(statuses, ranks, context) or done(lost)


def _ended(statuses: Mapping[str, int], ranks: Sequence[Found], context: Context) -> int:
    """Say in which ranks it went wrong; return the first status that is not 0."""
    for host, rank in ranks:
        if status := statuses[str(rank.rank)]:
            context.emit(Warned(f"rank {rank.rank} on {host}: exit status {status}"))
    return first_status([statuses[str(rank.rank)] for _, rank in ranks])


async def _shown(found: Found, way: Way, name: str, there: Reach) -> int:
    """Run it in one rank and show its output, both streams as one."""
    host, rank = found
    connection = there.connections[host]
    async with connection.stream(Command((*WITHOUT_INPUT, *way.words))) as stream:
        async for line in stream.lines():
            there.context.emit(Printed(f"{line}\n".encode(errors="replace"), rank.rank, host))
        status = _status((await stream.status()).status)
    if refused := await _refused(status, way, name, connection):
        there.context.emit(Warned(f"rank {rank.rank} on {host}: {refused}", refused.problems[0].hint))
    return status


async def _ways(ranks: Sequence[Found], argv: tuple[str, ...], there: Reach, *, tty: bool) -> list[Way]:
    """Look at the containers of ranks, and put the program where it is needed to get to a process."""
    images = {host: image(str(rank.spec.get("image", ""))) for host, rank in ranks}
    looks = {  # only then: an engine that hangs takes its time to say so
        host: (CONTAINERS, ENGINES, *((images[host],) if rank.orphaned else ()))
        for host, rank in ranks
        if rank.contained
    }
    if looks:
        await there.runner.run([Phase("Look at its container", facts=looks)])
    seen = there.runner.seen
    puts = [
        step
        for host, rank in ranks
        if not rank.contained
        for step in put_program(seen[host], program_name(), program())
    ]
    await execute(Plan(tuple(puts)), there.connections, there.context.emit)
    ways = []
    for host, rank in ranks:
        if not rank.contained:
            ways.append(Way(program_for(rank, seen[host], program_name()).enter(rank.launch, argv)))
            continue
        inside, user = container_of(rank, seen[host]), str(rank.spec.get("user", ""))
        if rank.orphaned:
            user = user_of(seen[host][images[host]].get(inside.engine))
        words = containers.enter(inside.engine, inside.id, argv, tty=tty, user=user)
        ways.append(Way(words, containers.lookup(inside.engine, inside.id, argv[0], user)))
    return ways


def _status(status: int) -> int:
    """Return a status as a shell counts it."""
    return 128 - status if status < 0 else status
