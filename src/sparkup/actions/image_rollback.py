"""Roll an image back on all hosts, or on none; containers that run keep what they run."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from sparkup.actions.context import Connections, Context
from sparkup.actions.env import planned
from sparkup.actions.undoing import taken_back, tried
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.image import ImageRow, RolledBack, previous_name, whole_name
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan
from sparkup.errors import Problem
from sparkup.planning.image_rollback import Swap, not_undone, swap_plan, swaps, undo_plans
from sparkup.planning.images import FACTS, held, row
from sparkup.run.executor import Emit
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


def _taken_back(
    name: str, chosen: Sequence[Swap], connections: Connections, context: Context
) -> AbstractAsyncContextManager[None]:
    """Let a block change names; whatever goes wrong in it, all are as they were."""

    async def undo(emit: Emit) -> Sequence[Problem]:
        return [
            not_undone(swap, problem)
            for swap in chosen
            for plan in undo_plans(swap)
            for problem in await tried(plan, connections, emit)
        ]

    def interrupted(left: Sequence[Problem]) -> Problem:
        return Problem(
            "interrupted", f"broken off{'' if left else '; all names are as they were'}", where=name
        )

    return taken_back(undo, interrupted, context)
