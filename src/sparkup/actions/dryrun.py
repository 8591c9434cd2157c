"""Show what a launch would do: reads hosts (or what was recorded of them) and never writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sparkup.actions.context import Context
from sparkup.actions.launch import look
from sparkup.actions.starting import Manner, ready_phase, start_phase
from sparkup.domain.answer import Script, Shown
from sparkup.domain.event import Answered
from sparkup.domain.launch import LaunchRequest
from sparkup.planning.launch import undo_plan
from sparkup.planning.ranks import without_us
from sparkup.planning.script import script
from sparkup.run.gather import Live, Recorded
from sparkup.run.phases import Runner
from sparkup.run.program import program_name


@asynccontextmanager
async def only_looking(request: LaunchRequest, context: Context, *, offline: bool) -> AsyncIterator[Runner]:
    """Give a runner that carries nothing out; `offline`: from what hosts last answered."""
    if offline:
        yield Runner(Recorded(context.memory), None, context.emit)
        return
    async with context.connected(request.hosts) as connections:
        yield Runner(Live(connections, context.memory), None, context.emit)


async def show(
    request: LaunchRequest, manner: Manner, context: Context, *, as_script: bool, offline: bool
) -> int:
    """Plan a launch and show the plan, as text or as a script of start and stop."""
    async with only_looking(request, context, offline=offline) as runner:
        launch = await look(request, runner, context, offline=offline)
        launch = without_us(launch) if as_script else launch
        waits = [ready_phase(launch)] if manner.waits(launch) else []
        await runner.run([start_phase(launch, put_always=as_script), *waits])
        if as_script:
            start = [step for _, plan in runner.plans for step in plan.steps]
            stop = undo_plan(launch, runner.seen, program_name())
            title, config = f"start and stop {launch.name}", context.options.config
            text = script(start, stop.steps, request.hosts, title, ssh_config=config)
            context.emit(Answered(Script(text)))
            return 0
        context.emit(Answered(Shown(launch.spec(launch.head), runner.shown())))
        return 0
