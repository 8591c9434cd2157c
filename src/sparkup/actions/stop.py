"""Stop launches: all of their processes, and see that port and memory are really back."""

import json
from collections.abc import Sequence

from sparkup.actions.context import Context
from sparkup.domain.answer import Stopped, StopReport
from sparkup.domain.command import Result
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.stop import choose, found, step_ids, stop_plan
from sparkup.run.phases import Phase
from sparkup.run.program import program, program_name


async def stop(name: str | None, hosts: Sequence[Host], context: Context, *, everything: bool) -> int:
    """Stop a launch, or all; raises InputRefused for one that is not there."""
    async with context.connected(hosts) as connections:
        runner = context.runner(connections)
        facts = {host.name: (MACHINE, LAUNCHES) for host in hosts}
        await runner.run([Phase("Look at the host", lambda _: Plan(), facts)])
        targets = found(runner.seen) if everything else choose(name, runner.seen, "stop")
        plan = stop_plan(targets, runner.seen, program_name(), program())
        results = await runner.run([Phase("Stop", lambda _: plan)])
        ids = step_ids(targets)
        reports = tuple(
            read_report(results[step], rank.launch, host)
            for step, (host, rank) in zip(ids, targets, strict=True)
        )
        context.emit(Answered(Stopped(reports)))
        return 0


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
