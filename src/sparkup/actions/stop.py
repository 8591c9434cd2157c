"""Stop launches: all of their processes, and see that port and memory are really back."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sparkup.actions.chosen import chosen
from sparkup.actions.context import Connections, Context, done
from sparkup.actions.ranks import Called, Reach, others, reach
from sparkup.domain.answer import Stopped, StopReport
from sparkup.domain.command import Result
from sparkup.domain.event import Answered, Warned
from sparkup.domain.host import Host
from sparkup.domain.launch import RankState
from sparkup.domain.plan import Plan, Put, Run
from sparkup.errors import HostUnreachable, InputRefused, Problem, SparkupError
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.several import groups, missing
from sparkup.planning.stop import Found, choose, found, step_ids, stop_plan
from sparkup.run.executor import Emit, execute
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name

MISSED = 15  # seconds until a rank is missed by the others (node/peers.py)


async def stop(
    name: str | None, hosts: Sequence[Host], context: Context, called: Called, *, everything: bool
) -> int:
    """Stop a launch, or all; raises InputRefused for one that is not there, PartlyDone for a part.

    Ranks on hosts that were not named are stopped with the others, if those hosts can be reached.
    """
    async with reach(context, called) as there:
        await there.to(hosts)
        if not there.connections:
            raise HostUnreachable(*there.lost.values())
        asked = tuple(there.connections)
        lost = tuple(there.lost.values())
        try:
            targets = await _meant(name, asked, there.runner, everything=everything)
        except InputRefused as error:
            raise error.with_problems(*lost) from None  # it may be where we could not look
        targets += await others(targets, hosts, there)
        for warning in left_alone(targets):
            context.emit(warning)
        reports, failures = await _stop_all(targets, there)
        problems = (*lost, *(problem for each in failures for problem in each.problems))
        if failures and not reports:
            raise failures[0].with_problems(*(each for each in problems if each not in failures[0].problems))
        problems = (*problems, *(still_held(report) for report in reports if not report.port_free))
        context.emit(Answered(Stopped(reports, problems)))
        return done(problems)


async def _meant(
    name: str | None, hosts: tuple[str, ...], runner: Runner, *, everything: bool
) -> list[Found]:
    if name is not None:
        return await chosen(name, hosts, "stop", runner)
    facts = dict.fromkeys(hosts, (MACHINE, LAUNCHES, CONTAINERS))  # it depends on all that is there
    await runner.run([Phase("Look at the host", facts=facts)])
    return found(runner.seen) if everything else choose(None, runner.seen, "stop")


def left_alone(targets: Sequence[Found]) -> Iterator[Warned]:
    """Say what becomes of ranks that cannot be reached from here."""
    for (name, _), ranks in groups(targets).items():
        for number, host in missing(ranks).items():
            if any(rank.alive for _, rank in ranks):
                what = f"rank {number} of {name} was not seen on {host}: if it runs, it ends by itself"
                yield Warned(f"{what} within {MISSED} s, as the others do", "see it there: sparkup status")


async def _stop_all(
    targets: Sequence[Found], there: Reach
) -> tuple[tuple[StopReport, ...], list[SparkupError]]:
    """Stop launches at the same time; return what that took, and what went wrong."""
    plan = stop_plan(targets, there.runner.seen, program_name(), program())
    puts = Plan(tuple(step for step in plan.steps if isinstance(step, Put)))
    ranks = {step: rank for step, (_, rank) in zip(step_ids(targets), targets, strict=True)}
    steps = [replace(step, after=()) for step in plan.steps if isinstance(step, Run)]
    await there.runner.run([Phase("Stop", lambda _: puts)])
    emit = there.context.emit
    ended = await asyncio.gather(*(_ended(step, ranks[step.id], there.connections, emit) for step in steps))
    failures = [each for each in ended if isinstance(each, SparkupError)]
    return tuple(each for each in ended if isinstance(each, StopReport)), failures


async def _ended(
    step: Run, rank: RankState, connections: Connections, emit: Emit
) -> StopReport | SparkupError:
    """Stop one launch; what keeps it from that keeps no other."""
    try:
        results = await execute(Plan((step,)), connections, emit)
    except SparkupError as error:
        return error
    return read_report(results[step.id], rank.launch, step.host, lived=bool(rank.nodes) and rank.alive)


def read_report(result: Result, name: str, host: str, *, lived: bool = False) -> StopReport:
    """Read what node/stop.py says of a launch that is gone; `lived`: one of several ranks was seen alive."""
    told = json.loads(result.stdout.splitlines()[-1])
    running = bool(told.get("was_running"))
    return StopReport(
        name=name,
        host=host,
        processes=told.get("processes", 0),
        port=told.get("port"),
        port_free=told.get("port_free", True),
        memory=told["memory_after"] - told["memory_before"] if running else None,
        seconds=told.get("seconds", 0.0),
        with_others=lived and not running,
    )


def still_held(report: StopReport) -> Problem:
    """Say that the port did not become free, although all processes of the launch are gone."""
    return Problem(
        "stop-incomplete",
        f"{report.name} is gone, but port {report.port} is still held by a process that is not its own",
        where=report.host,
        hint=f"see which: sudo ss -ltnp 'sport = :{report.port}'",
    )
