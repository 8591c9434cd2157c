"""Rolling an image back: its name and that of the image before change places, on all hosts or on none."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparkup.commands.images import tag
from sparkup.domain.command import Command
from sparkup.domain.fact import Seen
from sparkup.domain.image import previous_name, whole_name
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan, Run
from sparkup.errors import GateRefused, InputRefused, Problem
from sparkup.planning.images import Held, held, silent, unknown


@dataclass(frozen=True, slots=True)
class Swap:
    """Two images of one store that change names; `name` and `previous` as the engine writes them."""

    host: str
    engine: Engine
    name: str
    previous: str
    now: Held
    before: Held


def swaps(word: str, seen: Sequence[Seen], engine: Engine | None) -> tuple[Swap, ...]:
    """Return what changes places on each host. Raises InputRefused or GateRefused with all that is wrong."""
    found = [_swap(whole_name(word), each, engine) for each in seen]
    problems = [each for each in found if isinstance(each, Problem)]
    if problems:
        typed = all(each.code == "image-not-found" for each in problems)
        raise (InputRefused if typed else GateRefused)(*problems)
    return tuple(each for each in found if isinstance(each, Swap))


def _swap(name: str, seen: Seen, engine: Engine | None) -> Swap | Problem:
    """Return what changes places on one host: with docker, unless only podman could do it."""
    previous = previous_name(name)
    images = [each for each in held(seen) if engine in (None, each.image.engine)]
    having = [each for each in images if name in each.image.names]
    if not having:
        return next(iter(silent(seen)), unknown(name, images, [seen.host]))
    for now in having:
        for before in images:
            if before.place == now.place and previous in before.image.names and before.content != now.content:
                names = (now.image.called(name), before.image.called(previous))
                return Swap(seen.host, now.image.engine, *names, now, before)
    there = any(previous in each.image.names for each in images)
    message = f"{previous} is the same image as {name}" if there else f"{name} has no image before it"
    hint = f"a build keeps one as {previous}; on one host alone: --host HOST"
    return Problem("no-previous-image", message, seen.host, hint)


def swap_plan(each: Swap) -> Plan:
    """Plan the change on one host: the image of now has a second name before it loses its first."""
    keep, back = (f"{each.host} {each.engine} {step}" for step in ("keep", "back"))
    return Plan(
        (
            _named(keep, each, each.now, each.previous),
            _named(back, each, each.before, each.name, after=(keep,)),
        )
    )


def undo_plans(each: Swap) -> tuple[Plan, ...]:
    """Plan to have both names as they were: a plan for each, which nothing keeps from being tried."""
    back, keep = (f"{each.host} {each.engine} {step}" for step in ("back", "keep"))
    return (
        Plan((_named(back, each, each.now, each.name),)),
        Plan((_named(keep, each, each.before, each.previous),)),
    )


def _named(step: str, swap: Swap, image: Held, name: str, after: tuple[str, ...] = ()) -> Run:
    command = Command(tag(swap.engine, image.image.id, name))
    return Run(step, swap.host, command, f"name {image.content[:12]} {name}", after, unbroken=True)


def not_undone(each: Swap, problem: Problem) -> Problem:
    """Return what kept a name from being given back, and how to make up for it."""
    commands = [
        step.command.shell() for plan in undo_plans(each) for step in plan.steps if isinstance(step, Run)
    ]
    message = f"{each.name} and {each.previous} may mean other images than before: {problem.message}"
    return Problem("not-undone", message, each.host, f"on the host: {' && '.join(commands)}", problem.details)
