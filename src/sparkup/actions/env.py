"""Managed Python environments: make one, list them, remove one."""

import asyncio
import time
from collections.abc import Sequence

from sparkup.actions.context import Connections, Context
from sparkup.commands.pip import TORCH_CPU_INDEX
from sparkup.domain.answer import EnvironmentRow, Environments
from sparkup.domain.event import Answered, Noted
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan
from sparkup.domain.variant import Variant
from sparkup.errors import GateRefused, InputRefused, Interrupted, Problem, SparkupError
from sparkup.facts.environments import ENVIRONMENTS, PythonEnvironment, builders, wheels
from sparkup.facts.gpus import GPU
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.environments import Making, decide, existing, make_plan, remove_plan, size
from sparkup.planning.launch import program_on, put_program
from sparkup.run.executor import execute
from sparkup.run.hold import held
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name

BUILDERS = builders(f"{TORCH_CPU_INDEX}/torch/")


def nothing(_: object) -> Plan:
    """Plan nothing: the phase only looks."""
    return Plan()


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
    await runner.run([Phase("Look at the host", nothing, {host.name: (MACHINE, ENVIRONMENTS)})])
    found = existing(variant, runner.seen[host.name])
    if found is not None:
        return found, False
    put = Plan(put_program(runner.seen[host.name], program_name(), program()))
    await execute(put, connections, context.emit)
    helper = program_on(runner.seen[host.name], program_name())
    lock = runner.seen[host.name][MACHINE].environments / f".{variant.name}.lock"
    async with held(lock, helper, connections[host.name], context.emit):
        return await _made(variant, host, context, connections, runner)


async def _made(
    variant: Variant, host: Host, context: Context, connections: Connections, runner: Runner
) -> tuple[PythonEnvironment, bool]:
    """Make an environment while the lock is held; somebody may just have made it."""
    facts = {host.name: (MACHINE, ENVIRONMENTS, GPU, BUILDERS)}
    await runner.run([Phase("See what can make the environment", nothing, facts)])
    if (found := existing(variant, runner.seen[host.name])) is not None:
        return found, False
    making = await _decide(variant, host, runner)
    seen = runner.seen[host.name]
    download = size(variant.downloads[seen[MACHINE].architecture])
    context.emit(Noted(f"downloads {download}, takes {size(variant.disk)} in {making.folder}"))
    plan = make_plan(making, program_on(seen, program_name()), host.name, time.time())
    await _carry_out(making, plan, context, connections, runner)
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
    await runner.run([Phase("Look for a CPU build of torch", nothing, {host.name: (fact,)})])
    return decide(variant, seen, known, runner.seen[host.name][fact])


async def _carry_out(
    making: Making, plan: Plan, context: Context, connections: Connections, runner: Runner
) -> None:
    """Make the environment; one that is broken off or fails leaves nothing."""
    host = plan.steps[0].host
    try:
        await runner.run([Phase(f"Make the environment {making.name}", lambda _: plan)])
    except asyncio.CancelledError:
        context.interrupts.acknowledge()
        await execute(remove_plan(making.folder, host), connections, context.emit)
        raise Interrupted(
            Problem(
                "interrupted",
                f"making {making.name} was broken off; nothing of it is left",
                hint="start again: what was downloaded is kept in pip's cache",
            )
        ) from None
    except SparkupError:
        await execute(remove_plan(making.folder, host), connections, context.emit)
        raise


async def list_all(hosts: Sequence[Host], known: dict[str, Variant], context: Context) -> int:
    """List the environments of hosts."""
    async with context.connected(hosts) as connections:
        runner = context.runner(connections)
        facts = {host.name: (ENVIRONMENTS,) for host in hosts}
        await runner.run([Phase("Look at the host", nothing, facts)])
        rows = [_row(each, host, known) for host in hosts for each in runner.seen[host.name][ENVIRONMENTS]]
        context.emit(Answered(Environments(tuple(rows))))
        return 0


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


async def remove(name: str, host: Host, context: Context) -> int:
    """Remove environments by name or variant; refuses one that a launch uses."""
    async with context.connected([host]) as connections:
        runner = context.runner(connections)
        await runner.run([Phase("Look at the host", nothing, {host.name: (MACHINE, ENVIRONMENTS, LAUNCHES)})])
        seen = runner.seen[host.name]
        chosen = [each for each in seen[ENVIRONMENTS] if name in (each.name, each.variant)]
        if not chosen:
            there = ", ".join(each.name for each in seen[ENVIRONMENTS]) or "none"
            raise InputRefused(
                Problem(
                    "unknown-environment",
                    f"no managed environment {name!r}",
                    where=host.name,
                    hint=f"there: {there}",
                )
            )
        users = {rank.spec.get("bin", ""): rank.launch for rank in seen[LAUNCHES] if rank.alive}
        in_use = [each for each in chosen if str(each.bin) in users]
        if in_use:
            raise GateRefused(
                *(
                    Problem(
                        "in-use",
                        f"{each.name} is used by the launch {users[str(each.bin)]}",
                        where=host.name,
                        hint=f"sparkup stop {users[str(each.bin)]}",
                    )
                    for each in in_use
                )
            )
        plan = Plan(tuple(step for each in chosen for step in remove_plan(each.folder, host.name).steps))
        await runner.run([Phase("Remove", lambda _: plan)])
        context.emit(Answered(Environments((), f"removed {', '.join(each.name for each in chosen)}")))
        return 0
