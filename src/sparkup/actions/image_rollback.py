"""Roll an image back on all hosts, or on none; containers that run keep what they run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sparkup.actions.context import Connections, Context
from sparkup.actions.env import planned
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.image import ImageRow, RolledBack, previous_name, whole_name
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan
from sparkup.errors import Interrupted, Problem, SparkupError
from sparkup.planning.image_rollback import Swap, not_undone, swap_plan, swaps, undo_plans
from sparkup.planning.images import FACTS, held, row
from sparkup.run.executor import Emit, execute
from sparkup.run.phases import Phase, Runner


async def rollback(word: str, hosts: Sequence[Host], engine: Engine | None, context: Context) -> int:
    """Let a name mean the image before again. Raises all that is wrong on any host before one is touched."""
    name = whole_name(word)
    async with context.connected(hosts) as connections:
        runner = context.runner(connections)
        look = Phase("Look at the images", facts={host.name: FACTS for host in hosts})
        await runner.run([look])
        chosen = swaps(name, [runner.seen[host.name] for host in hosts], engine)
        plan = Plan(tuple(step for each in chosen for step in swap_plan(each).steps))
        async with _taken_back(name, chosen, connections, context):
            await runner.run([Phase(f"Roll {name} back", planned(plan))])
        await runner.run([look])
        images, before = _now(name, chosen, runner), _now(previous_name(name), chosen, runner)
    context.emit(Answered(RolledBack(name, previous_name(name), images, before, _notes(name, images))))
    return 0


def _now(name: str, chosen: Sequence[Swap], runner: Runner) -> tuple[ImageRow, ...]:
    """Return what a name means now in the stores that were changed, as the hosts tell."""
    places = [each.now.place for each in chosen]
    images = (image for host, _ in places for image in held(runner.seen[host]))
    return tuple(row(each) for each in images if each.place in places and name in each.image.names)


def _notes(name: str, images: Sequence[ImageRow]) -> tuple[str, ...]:
    if len({each.content for each in images}) < 2:
        return ()
    return (f"{name} is not the same image on all of these hosts",)


@asynccontextmanager
async def _taken_back(
    name: str, chosen: Sequence[Swap], connections: Connections, context: Context
) -> AsyncIterator[None]:
    """Let a block change names; whatever goes wrong in it, all are as they were."""
    try:
        yield
    except asyncio.CancelledError:
        context.interrupts.acknowledge()
        problems = await _undo(chosen, connections, context.emit)
        end = "" if problems else "; all names are as they were"
        raise Interrupted(Problem("interrupted", f"broken off{end}", where=name), *problems) from None
    except SparkupError as error:
        raise error.with_problems(*await _undo(chosen, connections, context.emit)) from None
    except BaseException:  # our own output is gone, or a fault of ours
        with contextlib.suppress(Exception):
            await _undo(chosen, connections, lambda _: None)
        raise


async def _undo(chosen: Sequence[Swap], connections: Connections, emit: Emit) -> list[Problem]:
    """Give all names back; return what could not be: the cause of the undoing matters more than that."""
    problems: list[Problem] = []
    for swap in chosen:
        for plan in undo_plans(swap):
            try:
                await execute(plan, connections, emit)
            except SparkupError as error:
                problems += (not_undone(swap, problem) for problem in error.problems)
    return problems
