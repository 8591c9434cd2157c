"""Stop launches: all of their processes, and see that port and memory are really back."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from sparkup.actions.chosen import chosen
from sparkup.actions.context import Connections, Context, done
from sparkup.domain.answer import Stopped, StopReport
from sparkup.domain.command import Result
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan, Put, Run
from sparkup.errors import InputRefused, Problem, SparkupError
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.stop import choose, found, step_ids, stop_plan
from sparkup.run.executor import execute
from sparkup.run.phases import Phase
from sparkup.run.program import program, program_name


async def stop(name: str | None, hosts: Sequence[Host], context: Context, *, everything: bool) -> int:
    """Stop a launch, or all; raises InputRefused for one that is not there, PartlyDone for a part."""
    async with context.reached(hosts) as (connections, lost):
        runner = context.runner(connections)
        hosts_there = tuple(connections)
        try:
            if name is None:  # what is meant depends on all that is there
                facts = dict.fromkeys(hosts_there, (MACHINE, LAUNCHES, CONTAINERS))
                await runner.run([Phase("Look at the host", facts=facts)])
                targets = found(runner.seen) if everything else choose(None, runner.seen, "stop")
            else:
                targets = await chosen(name, hosts_there, "stop", runner)
        except InputRefused as error:
            raise error.with_problems(*lost) from None  # it may be where we could not look
        plan = stop_plan(targets, runner.seen, program_name(), program())
        puts = Plan(tuple(step for step in plan.steps if isinstance(step, Put)))
        names = {step: rank.launch for step, (_, rank) in zip(step_ids(targets), targets, strict=True)}
        steps = [replace(step, after=()) for step in plan.steps if isinstance(step, Run)]
        await runner.run([Phase("Stop", lambda _: puts)])
        ended = await asyncio.gather(*(_ended(step, names[step.id], connections, context) for step in steps))
        failures = [each for each in ended if isinstance(each, SparkupError)]
        reports = tuple(each for each in ended if isinstance(each, StopReport))
        problems = (*lost, *(problem for each in failures for problem in each.problems))
        if failures and not reports:
            raise failures[0].with_problems(*(each for each in problems if each not in failures[0].problems))
        problems = (*problems, *(still_held(report) for report in reports if not report.port_free))
        context.emit(Answered(Stopped(reports, problems)))
        return done(problems)


async def _ended(
    step: Run, name: str, connections: Connections, context: Context
) -> StopReport | SparkupError:
    """Stop one launch; what keeps it from that keeps no other."""
    try:
        results = await execute(Plan((step,)), connections, context.emit)
    except SparkupError as error:
        return error
    return read_report(results[step.id], name, step.host)


def read_report(result: Result, name: str, host: str) -> StopReport:
    """Read what node/stop.py says of a launch that is gone."""
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
    )


def still_held(report: StopReport) -> Problem:
    """Say that the port did not become free, although all processes of the launch are gone."""
    return Problem(
        "stop-incomplete",
        f"{report.name} is gone, but port {report.port} is still held by a process that is not its own",
        where=report.host,
        hint=f"see which: sudo ss -ltnp 'sport = :{report.port}'",
    )
