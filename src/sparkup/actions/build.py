"""Build an image: look at the host, resolve refs, build, check, and only then let the name mean it."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sparkup import __version__
from sparkup.actions.context import Connections, Context
from sparkup.actions.env import planned
from sparkup.domain.build import (
    LABEL_INPUTS,
    BuildRequest,
    BuildShown,
    Built,
    ImageVariant,
    Inputs,
    Measured,
    Record,
)
from sparkup.domain.event import Answered, Warned
from sparkup.domain.fact import Seen
from sparkup.domain.image import previous_name, whole_name
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan, document
from sparkup.errors import GateRefused, Interrupted, Problem, SparkupError, WorkFailed
from sparkup.facts.build_host import BUILD_HOST, label, size_of
from sparkup.facts.build_records import BUILD_RECORDS
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import image
from sparkup.facts.machine import MACHINE
from sparkup.facts.memory import MEMORY
from sparkup.planning import build_inputs
from sparkup.planning.build import Building, check_plan, make_plan, name_plan, undo_plan
from sparkup.planning.build_check import found
from sparkup.planning.build_gates import engine_problems, free, no_room, warnings, with_jobs
from sparkup.planning.build_inputs import Files
from sparkup.planning.build_progress import BuildProgress, times
from sparkup.planning.containers import way_of_gpus
from sparkup.planning.launch import program_on, put_program
from sparkup.run.executor import Emit, execute
from sparkup.run.gather import Live
from sparkup.run.hold import held
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name


@dataclass(frozen=True, slots=True)
class Bundle:
    """What builds are made from: the context of each variant, the Dockerfile too, and the check of images."""

    files: Callable[[ImageVariant], Files]
    check: bytes


async def build(request: BuildRequest, bundle: Bundle, context: Context) -> int:
    """Build an image on its host, and answer with it."""
    host = request.host
    async with context.connected([host]) as connections:
        begun = time.monotonic()
        runner = context.runner(connections)
        making = await _decided(request, bundle, runner, context.emit)
        async with _alone(making, context, connections, runner), _taken_back(making, context, connections):
            answer = await _built(making, request, runner, begun)
        context.emit(Answered(answer))
        return 0


async def show(request: BuildRequest, bundle: Bundle, context: Context) -> int:
    """Show what a build would do: it reads the host and repositories, and writes nothing."""
    host = request.host
    async with context.connected([host]) as connections:
        runner = Runner(Live(connections, context.memory), None, context.emit)
        making = await _decided(request, bundle, runner, context.emit)
        progress = BuildProgress(host.name, {})
        steps = {"Build the image": make_plan(making, progress), "Check the image": check_plan(making)}
        await runner.run([Phase(title, planned(plan)) for title, plan in steps.items()])
        phases = tuple(
            {"title": title, "steps": document(plan), "notes": list(plan.notes)}
            for title, plan in runner.plans
            if plan
        )
        context.emit(Answered(BuildShown(request.tag, making.inputs.document(), phases)))
        return 0


async def _decided(request: BuildRequest, bundle: Bundle, runner: Runner, emit: Emit) -> Building:
    """Look at the host and at repositories; raise what is in the way, or decide."""
    host = request.host.name
    now_named = label(request.tag, LABEL_INPUTS)
    liked = label(request.like, LABEL_INPUTS) if request.like else None
    facts = (MACHINE, ENGINES, BUILD_HOST, MEMORY, BUILD_RECORDS, image(request.tag), now_named)
    await runner.run([Phase("Look at the host", facts={host: (*facts, *((liked,) if liked else ()))})])
    seen = runner.seen[host]
    if problems := engine_problems(seen):
        raise GateRefused(*problems)
    if liked is not None:
        wanted = build_inputs.read(seen[liked], request.like, host)
        request = replace(request, variant=wanted.variant)
        files = bundle.files(wanted.variant)
        inputs, notes = build_inputs.again(wanted, files, seen[MACHINE].architecture, __version__)
        for note in notes:
            emit(Warned(note, "the image may differ from that one"))
        await runner.run([Phase("Look at the disk", facts={host: (free(seen),)})])
    else:
        files = bundle.files(request.variant)
        inputs = await _inputs(request, files, _before(seen[now_named]), runner)
    seen = runner.seen[host]
    if problems := no_room(request, _before(seen[now_named]), seen):
        raise GateRefused(*problems)
    for warning in warnings(request, inputs, seen):
        emit(warning)
    return _making(request, inputs, files, bundle.check, seen)


def _before(text: str) -> Inputs | None:
    """Return what the image was built from that has the name now; another's, or none, tells nothing."""
    try:
        return build_inputs.read(text, "", "")
    except SparkupError:
        return None


async def _inputs(request: BuildRequest, files: Files, before: Inputs | None, runner: Runner) -> Inputs:
    host = request.host.name
    seen = runner.seen[host]
    given = build_inputs.asked(request, files, before, f"{time.time():.0f}")
    given = with_jobs(request, given, before, seen)
    questions = build_inputs.questions(request, given)
    phase = Phase("Resolve refs to commits", facts={host: (free(seen), *questions.values())})
    await runner.run([phase])
    of = build_inputs.resolved(request, given, questions, runner.seen[host])
    return build_inputs.inputs(request.variant, given, of, files, (seen[MACHINE].architecture, __version__))


def _making(request: BuildRequest, inputs: Inputs, files: Files, check: bytes, seen: Seen) -> Building:
    found_host = seen[BUILD_HOST]
    return Building(
        id=secrets.token_hex(4),
        host=seen.host,
        tag=request.tag,
        inputs=inputs,
        files=files,
        check=check,
        root=seen[MACHINE].state_root,
        program=program_on(seen, program_name()),
        network=request.network,
        proxies=found_host.proxies,
        wheels=request.wheels,
        buildx=bool(found_host.buildx),
        gpus=way_of_gpus(Engine.DOCKER, seen[ENGINES], seen.host)[0],
        every=request.full_log,
    )


@asynccontextmanager
async def _alone(
    making: Building, context: Context, connections: Connections, runner: Runner
) -> AsyncIterator[None]:
    """Keep others from building on the host meanwhile: memory and disk were counted for one build."""
    seen = runner.seen[making.host]
    await execute(Plan(put_program(seen, program_name(), program())), connections, context.emit)
    lock = making.root / "builds.lock"
    async with held(lock, making.program, connections[making.host], context.emit):
        yield


async def _built(making: Building, request: BuildRequest, runner: Runner, begun: float) -> Built:
    """Build, check and name an image; says what came of it."""
    host, stages = making.host, list[float]()
    records = (each.record for each in runner.seen[host][BUILD_RECORDS].values())
    progress = BuildProgress(host, times(records), every=making.every)
    stages.append(time.monotonic())
    await runner.run([Phase(f"Build {making.tag}", planned(make_plan(making, progress)))])
    stages.append(time.monotonic())
    candidate, old = image(making.candidate), image(making.tag)
    measure = size_of(making.candidate)
    results = await runner.run(
        [
            Phase("Look at the image", facts={host: (candidate, old, measure)}),
            Phase("Check the image", planned(check_plan(making))),
        ]
    )
    seen = runner.seen[host]
    new = seen[candidate].get(Engine.DOCKER)
    if new is None:
        raise WorkFailed(Problem("build-failed", f"docker has no {making.candidate} after its build", host))
    inside = found(results["check"], new, host)
    stages.append(time.monotonic())
    measured = Measured(
        made=time.time(),
        host=host,
        engine=f"docker {seen[ENGINES].docker.version}",
        size=seen[measure],
        seconds=stages[1] - stages[0],
        stages=progress.output.stages,
        versions=inside.versions,
        flags=inside.flags,
        checks=inside.checks,
    )
    record = Record(new.fingerprint, making.inputs, measured)
    was = seen[old].get(Engine.DOCKER)
    plan = name_plan(making, record, was.id if was else "", new.id)
    await runner.run([Phase(f"Name it {making.tag}", planned(plan))])
    same = was is not None and was.id == new.id
    timing = {"build": stages[1] - stages[0], "check": stages[2] - stages[1], "all": time.monotonic() - begun}
    before = previous_name(making.tag) if was is not None and not same else ""
    return Built(whole_name(request.tag), host, new.id, record, before, same, timing)


@asynccontextmanager
async def _taken_back(making: Building, context: Context, connections: Connections) -> AsyncIterator[None]:
    """Let a block build an image; whatever goes wrong in it, the name means what it meant before."""
    try:
        yield
    except asyncio.CancelledError:
        context.interrupts.acknowledge()
        problems = await _undo(making, connections, context.emit)
        end = "was broken off" if problems else "was broken off; nothing of it is left but docker's cache"
        what = Problem("interrupted", f"the build of {making.tag} {end}", making.host, "start it again")
        raise Interrupted(what, *problems) from None
    except SparkupError as error:
        raise error.with_problems(*await _undo(making, connections, context.emit)) from None
    except BaseException:  # our own output is gone, or a fault of ours
        with contextlib.suppress(Exception):
            await _undo(making, connections, lambda _: None)
        raise


async def _undo(making: Building, connections: Connections, emit: Emit) -> tuple[Problem, ...]:
    """Take away what the build needed; return what could not be: the cause matters more than that."""
    try:
        await execute(undo_plan(making), connections, emit)
    except SparkupError as error:
        return tuple(
            Problem(
                "not-undone", f"of the build is left: {each.message}", making.host, each.hint, each.details
            )
            for each in error.problems
        )
    return ()
