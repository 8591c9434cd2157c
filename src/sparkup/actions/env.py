"""Managed Python environments: make one, list them."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sparkup.actions.context import Connections, Context, done
from sparkup.actions.undoing import taken_back, tried
from sparkup.commands.pip import TORCH_CPU_INDEX
from sparkup.domain.answer import EnvironmentRow, Environments
from sparkup.domain.event import Answered, Noted
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan
from sparkup.domain.variant import Variant
from sparkup.errors import Problem
from sparkup.facts.environments import ENVIRONMENTS, PythonEnvironment, builders, wheels
from sparkup.facts.gpus import GPU
from sparkup.facts.machine import MACHINE
from sparkup.facts.pip_places import PIP_PLACES
from sparkup.planning.environment_disks import size
from sparkup.planning.environments import Making, decide, existing, make_plan, not_undone, undo_plan
from sparkup.planning.launch import program_on, put_program
from sparkup.run.executor import Emit, execute
from sparkup.run.hold import held
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name

BUILDERS = builders(f"{TORCH_CPU_INDEX}/torch/")


def planned(plan: Plan) -> Callable[[object], Plan]:
    """Return what plans this, whatever is seen."""
    return lambda _: plan


async def create(variant: Variant, host: Host, context: Context) -> int:
    """Make an environment, unless it is there; answer with it."""
    async with context.connected([host]) as connections:
        begun = time.monotonic()
        environment, made = await ensure(variant, host, context, connections)
        seconds = time.monotonic() - begun
        note = f"made in {seconds:.0f} s" if made else "it was there already"
        context.emit(Answered(Environments((_row(environment, host, {variant.name: variant}),), note)))
        return 0


async def ensure(
    variant: Variant, host: Host, context: Context, connections: Connections
) -> tuple[PythonEnvironment, bool]:
    """Return the environment of a variant's lock, made first where it is missing; says if it was."""
    runner = context.runner(connections)
    await runner.run([Phase("Look at the host", facts={host.name: (MACHINE, ENVIRONMENTS)})])
    found = existing(variant, runner.seen[host.name])
    if found is not None:
        return found, False
    async with locked(variant.name, host, context, connections, runner):
        return await _made(variant, host, context, connections, runner)


@asynccontextmanager
async def locked(
    variant: str, host: Host, context: Context, connections: Connections, runner: Runner
) -> AsyncIterator[None]:
    """Keep others from making and removing environments of a variant; the machine was seen before."""
    seen = runner.seen[host.name]
    put = Plan(put_program(seen, program_name(), program()))
    await execute(put, connections, context.emit)
    lock = seen[MACHINE].environments / f".{variant}.lock"
    async with held(lock, program_on(seen, program_name()), connections[host.name], context.emit):
        yield


async def _made(
    variant: Variant, host: Host, context: Context, connections: Connections, runner: Runner
) -> tuple[PythonEnvironment, bool]:
    """Make an environment while the lock is held; somebody may just have made it."""
    facts = {host.name: (MACHINE, ENVIRONMENTS, GPU, BUILDERS, PIP_PLACES)}
    await runner.run([Phase("See what can make the environment", facts=facts)])
    if (found := existing(variant, runner.seen[host.name])) is not None:
        return found, False
    making = await _decide(variant, host, runner)
    seen = runner.seen[host.name]
    context.emit(Noted(f"downloads {size(making.download)}, takes {size(variant.disk)} in {making.folder}"))
    if not making.cache:
        cache = seen[PIP_PLACES].cache
        context.emit(Noted(f"keeps no downloads: {size(cache.free)} are free at {cache.path}"))
    plan = make_plan(making, program_on(seen, program_name()), host.name, time.time())
    async with _taken_back(making, host, context, connections):
        await runner.run([Phase(f"Make the environment {making.name}", planned(plan))])
    return PythonEnvironment(
        making.folder, variant.name, variant.digest, making.python.version, variant.vllm, time.time()
    ), True


async def _decide(variant: Variant, host: Host, runner: Runner) -> Making:
    seen = runner.seen[host.name]
    known = seen[BUILDERS]
    nobody_to_ask = not any(python.pip for python in known.pythons)
    if not variant.needs_cpu_torch or known.index or nobody_to_ask:
        return decide(variant, seen, known, None)
    # PyTorch's own index is out of reach: pip's configuration may know another place, for some Pythons.
    fact = wheels(known.pythons, "torch", variant.torch)
    await runner.run([Phase("Look for a CPU build of torch", facts={host.name: (fact,)})])
    return decide(variant, seen, known, runner.seen[host.name][fact])


def _taken_back(
    making: Making, host: Host, context: Context, connections: Connections
) -> AbstractAsyncContextManager[None]:
    """Let a block make an environment; whatever goes wrong in it, nothing of that is left."""

    async def undo(emit: Emit) -> Sequence[Problem]:
        problems = await tried(undo_plan(making.folder, host.name), connections, emit)
        return [not_undone(making.folder, host.name, problem) for problem in problems]

    def interrupted(left: Sequence[Problem]) -> Problem:
        end = "was broken off" if left else "was broken off; nothing of it is left"
        hint = "start again: what was downloaded is kept in pip's cache" if making.cache else "start again"
        return Problem("interrupted", f"making {making.name} {end}", where=host.name, hint=hint)

    return taken_back(undo, interrupted, context)


async def list_all(hosts: Sequence[Host], known: dict[str, Variant], context: Context) -> int:
    """List the environments of hosts."""
    async with context.reached(hosts) as (connections, lost):
        runner = context.runner(connections)
        there = [host for host in hosts if host.name in connections]
        await runner.run([Phase("Look at the host", facts=dict.fromkeys(connections, (ENVIRONMENTS,)))])
        rows = [_row(each, host, known) for host in there for each in runner.seen[host.name][ENVIRONMENTS]]
        context.emit(Answered(Environments(tuple(rows), problems=lost)))
        return done(lost)


def _row(environment: PythonEnvironment, host: Host, known: dict[str, Variant]) -> EnvironmentRow:
    variant = known.get(environment.variant)
    return EnvironmentRow(
        name=environment.name,
        variant=environment.variant,
        host=host.name,
        vllm=environment.vllm,
        python=environment.python,
        folder=str(environment.folder),
        made=environment.made,
        current=variant is not None and variant.digest == environment.digest,
    )
