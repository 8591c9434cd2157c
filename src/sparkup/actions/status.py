"""Status: what the hosts themselves say of their launches; never writes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from sparkup.actions.context import Context, done
from sparkup.domain.answer import Row, Status
from sparkup.domain.event import Answered
from sparkup.domain.fact import Observed
from sparkup.domain.host import Host
from sparkup.domain.launch import RankState
from sparkup.facts.engine_log import LogReader, Stage
from sparkup.facts.launches import LAUNCHES, health, log_tail
from sparkup.run.gather import Facts, Live, Observer

EVERY = 2.0  # seconds between two looks of --watch
TAIL = 65536  # bytes of a log in which the stage of a start is looked for


async def status(hosts: Sequence[Host], context: Context, *, watch: bool) -> int:
    """Show all launches of hosts, once or for as long as the user likes."""
    async with context.reached(hosts) as (connections, lost):
        observer, there = Live(connections), [host for host in hosts if host.name in connections]
        while True:
            context.emit(Answered(replace(await observe(there, observer), problems=lost)))
            if not watch:
                return done(lost)
            await asyncio.sleep(EVERY)


async def observe(hosts: Sequence[Host], observer: Observer) -> Status:
    """Look at the launches, then at the health and the log's end of those that live."""
    names = [host.name for host in hosts]
    seen = await observer.look(dict.fromkeys(names, (LAUNCHES,)))
    more = {name: _closer(seen[name][LAUNCHES]) for name in names}
    closer = await observer.look({name: facts for name, facts in more.items() if facts})
    now = time.time()
    rows = tuple(_row(host, rank, closer, now) for host in names for rank in seen[host][LAUNCHES])
    return Status(tuple(names), rows)


def _closer(ranks: tuple[RankState, ...]) -> Facts:
    # What others' state says of an address binds nobody: we ask no server for them.
    living = [rank for rank in ranks if rank.alive and rank.mine]
    healths = [health(rank) for rank in living if rank.url]
    return (*healths, *(log_tail(rank, TAIL) for rank in living if rank.phase == "starting"))


def _row(host: str, rank: RankState, closer: Observed, now: float) -> Row:
    values = closer[host].values if host in closer else {}
    found = values.get(health(rank).name)
    answers = found if isinstance(found, int) else None
    phase = rank.phase
    if phase == "ready" and rank.mine and rank.url and rank.spec.get("ready") == "server" and answers != 200:
        phase = "unhealthy"  # a dead engine says 503 for some seconds before it exits
    if phase == "starting" and answers == 200:
        phase = "healthy"  # no request was answered yet, and /health alone proves little
    ended = rank.exit.at if rank.exit else now
    return Row(
        name=rank.launch,
        host=host,
        rank=rank.rank,
        phase=phase,
        engine=str(rank.spec.get("engine", "")),
        pid=rank.pid,
        url=rank.url,
        health=answers,
        stage=_stage(values.get(log_tail(rank).name)),
        started=rank.started,
        seconds=max(0.0, ended - rank.started) if rank.started else 0.0,
        exit_status=rank.exit.status if rank.exit else None,
        model=str(rank.verdict["canary"].get("model", "")) if rank.verdict else "",
        argv=rank.argv,
        log=f"{rank.folder}/log",
        owner=rank.owner,
    )


def _stage(lines: object) -> str:
    reader, last = LogReader(), ""
    for line in lines if isinstance(lines, tuple) else ():
        for found in reader.feed(line):
            if isinstance(found, Stage):
                last = found.name if found.fraction is None else f"{found.name} {found.fraction:.0%}"
    return last
