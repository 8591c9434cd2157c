"""Status: what the hosts themselves say of their launches; never writes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from sparkup.actions.context import Connections, Context, done
from sparkup.domain.answer import Row, Status
from sparkup.domain.event import Answered, Warned
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.domain.launch import RankState
from sparkup.errors import InputRefused, Problem, SparkupError, WorkFailed
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.engine_log import LogReader, Stage
from sparkup.facts.launches import LAUNCHES, health, log_tail
from sparkup.facts.machine import MACHINE
from sparkup.planning.orphans import adopted, there
from sparkup.planning.several import Asked, together
from sparkup.planning.stop import unknown
from sparkup.run.gather import Facts, Live, Observer

CONNECT, LOGIN = 5, 5.0  # seconds for a host to take the connection, and to let us in: one may be off
LOOK = 30.0  # seconds for a host to answer: a hung engine alone takes ten
EVERY = 2.0  # seconds between two looks of --watch
ENGINES, LIVE = ("docker", "podman"), ("ready", "running", "healthy", "unhealthy")
SHOWN, HINT = "what is shown is what its folder says", "see that the engine works there: docker ps"
TAIL = 65536  # bytes of a log in which the stage of a start is looked for


async def status(name: str | None, hosts: Sequence[Host], context: Context, *, watch: bool) -> int:
    """Show the launch of a name, or all, once or for as long as the user likes and it is there.

    Raises InputRefused for a name that no launch has.
    """
    warned: set[Warned] = set()
    context = replace(context, options=replace(context.options, connect_timeout=CONNECT, login=LOGIN))
    async with context.reached(hosts) as (connections, lost):
        observer = Live(connections)
        while True:
            found = await observe(hosts, connections, observer, lost)
            found = found if name is None else _only(name, found)
            for warning in (each for each in _untold(found.launches) if each not in warned):
                warned.add(warning)
                context.emit(warning)
            context.emit(Answered(found))
            if not watch:
                return done(found.problems)
            await asyncio.sleep(EVERY)


def _untold(rows: Sequence[Row]) -> list[Warned]:
    """Say which engines do not tell of a container whose launch lives as far as its folder says."""
    return [
        Warned(
            f"{row.host}: {row.engine} does not answer, or knows no container of {row.name}: {SHOWN}", HINT
        )
        for row in rows
        if row.engine in ENGINES and row.phase in LIVE and not row.container
    ]


def _only(name: str, found: Status) -> Status:
    """Return the rows of one name."""
    rows = tuple(row for row in found.launches if row.name == name)
    if not rows:  # it may be where we could not look
        names = [row.name for row in found.launches]
        raise InputRefused(unknown(name, names, found.hosts, "status"), *found.problems)
    return replace(found, launches=rows, wholes=tuple(each for each in found.wholes if each.name == name))


async def observe(
    hosts: Sequence[Host], connections: Connections, observer: Observer, lost: Sequence[Problem]
) -> Status:
    """Look at all hosts at once; one that does not answer, or not in time, keeps no other."""
    names = [host.name for host in hosts if host.name in connections]
    looks = await asyncio.gather(*(_look(name, observer) for name in names))
    seen = {each.host: each for each in looks if isinstance(each, Seen)}
    failures = [each for each in looks if isinstance(each, SparkupError)]
    if failures and not seen:
        raise failures[0].with_problems(*(each for one in failures[1:] for each in one.problems), *lost)
    problems = (*lost, *(problem for each in failures for problem in each.problems))
    now = time.time()
    found = adopted([(host, rank) for host, each in seen.items() for rank in there(each)])
    at = {host.name: host for host in hosts}
    rows = [_row(rank, seen[host], now, at[host]) for host, rank in found]
    asked = Asked([host.name for host in hosts], [host.name for host in hosts if host.name not in seen], now)
    more, wholes = together(found, rows, asked)
    return Status(tuple(seen), (*rows, *more), problems, tuple(wholes))


async def _look(host: str, observer: Observer) -> Seen | SparkupError:
    """Look at the launches of a host, then at the health and the log's end of those that live."""
    try:
        async with asyncio.timeout(LOOK):
            seen = (await observer.look({host: (MACHINE, LAUNCHES, CONTAINERS)}))[host]
            closer = _closer(there(seen))
            return (await observer.look({host: closer}))[host].after(seen) if closer else seen
    except SparkupError as error:
        return error
    except TimeoutError:
        hint = "see that the machine is on and has memory left; then ask again"
        return WorkFailed(Problem("bad-answer", f"no answer within {LOOK:.0f} s", host, hint))


def _closer(ranks: tuple[RankState, ...]) -> Facts:
    # What others' state says of an address binds nobody: we ask no server for them.
    living = [rank for rank in ranks if rank.alive and rank.mine]
    healths = [health(rank) for rank in living if rank.url]
    tails = [log_tail(rank, TAIL) for rank in living if rank.phase == "starting"]
    # Folders and engines are asked at once: what begins or ends meanwhile has only one of them, for once.
    again = (LAUNCHES, CONTAINERS) if any(rank.orphaned for rank in ranks) else ()
    return (*healths, *tails, *again)


def _row(rank: RankState, seen: Seen, now: float, host: Host) -> Row:
    found = seen.values.get(health(rank).name)
    answers = found if isinstance(found, int) else None
    phase = rank.phase
    if phase == "ready" and rank.mine and rank.url and rank.spec.get("ready") == "server" and answers != 200:
        phase = "unhealthy"  # a dead engine says 503 for some seconds before it exits
    if phase == "starting" and answers == 200:
        phase = "healthy"  # no request was answered yet, and /health alone proves little
    ended = rank.exit.at if rank.exit else now
    container = (each.state for each in seen[CONTAINERS] if rank.attempt and each.attempt == rank.attempt)
    return Row(
        name=rank.launch,
        host=seen.host,
        rank=rank.rank,
        phase=phase,
        engine=str(rank.spec.get("engine", "")),
        pid=rank.pid,
        url=rank.url,
        health=answers,
        stage=_stage(seen.values.get(log_tail(rank).name)),
        started=rank.started,
        seconds=max(0.0, ended - rank.started) if rank.started else 0.0,
        exit_status=rank.exit.status if rank.exit else None,
        model=str(rank.verdict["canary"].get("model", "")) if rank.verdict else "",
        argv=rank.argv,
        log="" if rank.orphaned else f"{rank.folder}/log",
        owner=rank.owner,
        image=str(rank.spec.get("image", "")),
        image_id=str(rank.spec.get("image_id", "")),
        container=next(container, ""),
        attempt=rank.attempt,
        backend=str(rank.spec.get("backend", "")),
        nodes=rank.nodes,
        because=rank.exit.because if rank.exit else "",
        address=host.address,
        via=host.via,
    )


def _stage(lines: object) -> str:
    reader, last = LogReader(), ""
    for line in lines if isinstance(lines, tuple) else ():
        for found in reader.feed(line):
            if isinstance(found, Stage):
                last = found.name if found.fraction is None else f"{found.name} {found.fraction:.0%}"
    return last
