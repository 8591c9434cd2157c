"""Status: what the hosts themselves say of their launches; never writes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from sparkup.actions.context import Context, done
from sparkup.domain.answer import Row, Status
from sparkup.domain.event import Answered, Warned
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.domain.launch import RankState
from sparkup.errors import InputRefused
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.engine_log import LogReader, Stage
from sparkup.facts.launches import LAUNCHES, health, log_tail
from sparkup.facts.machine import MACHINE
from sparkup.planning.orphans import there
from sparkup.planning.stop import unknown
from sparkup.run.gather import Facts, Live, Observer

EVERY = 2.0  # seconds between two looks of --watch
ENGINES, LIVE = ("docker", "podman"), ("ready", "running", "healthy", "unhealthy")
SHOWN, HINT = "what is shown is what its folder says", "see that the engine works there: docker ps"
TAIL = 65536  # bytes of a log in which the stage of a start is looked for


async def status(name: str | None, hosts: Sequence[Host], context: Context, *, watch: bool) -> int:
    """Show the launch of a name, or all, once or for as long as the user likes and it is there.

    Raises InputRefused for a name that no launch has.
    """
    warned: set[Warned] = set()
    async with context.reached(hosts) as (connections, lost):
        observer, reached = Live(connections), [host for host in hosts if host.name in connections]
        while True:
            found = replace(await observe(reached, observer), problems=lost)
            found = found if name is None else _only(name, found)
            for warning in (each for each in _untold(found.launches) if each not in warned):
                warned.add(warning)
                context.emit(warning)
            context.emit(Answered(found))
            if not watch:
                return done(lost)
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
    return replace(found, launches=rows)


async def observe(hosts: Sequence[Host], observer: Observer) -> Status:
    """Look at the launches, then at the health and the log's end of those that live."""
    names = [host.name for host in hosts]
    seen = await observer.look(dict.fromkeys(names, (MACHINE, LAUNCHES, CONTAINERS)))
    more = {name: _closer(there(seen[name])) for name in names}
    closer = await observer.look({name: facts for name, facts in more.items() if facts})
    now = time.time()
    both = {name: closer[name].after(seen[name]) if name in closer else seen[name] for name in names}
    rows = tuple(_row(rank, seen, now) for seen in both.values() for rank in there(seen))
    return Status(tuple(names), rows)


def _closer(ranks: tuple[RankState, ...]) -> Facts:
    # What others' state says of an address binds nobody: we ask no server for them.
    living = [rank for rank in ranks if rank.alive and rank.mine]
    healths = [health(rank) for rank in living if rank.url]
    tails = [log_tail(rank, TAIL) for rank in living if rank.phase == "starting"]
    # Folders and engines are asked at once: what begins or ends meanwhile has only one of them, for once.
    again = (LAUNCHES, CONTAINERS) if any(rank.orphaned for rank in ranks) else ()
    return (*healths, *tails, *again)


def _row(rank: RankState, seen: Seen, now: float) -> Row:
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
    )


def _stage(lines: object) -> str:
    reader, last = LogReader(), ""
    for line in lines if isinstance(lines, tuple) else ():
        for found in reader.feed(line):
            if isinstance(found, Stage):
                last = found.name if found.fraction is None else f"{found.name} {found.fraction:.0%}"
    return last
