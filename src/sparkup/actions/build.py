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
from sparkup.actions.env import BUILDERS, planned
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
from sparkup.domain.dockerfile import arguments
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
from sparkup.planning.build_wheels import are_there, fetch_plan, folder, lock_of
from sparkup.planning.containers import way_of_gpus
from sparkup.planning.launch import program_on, put_program
from sparkup.run.executor import Emit, execute
from sparkup.run.gather import Live
from sparkup.run.hold import held
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name


@dataclass(frozen=True, slots=True)
class Bundle:
    """What builds are made from: the context of each variant, the Dockerfile too, and the check of images.

    `python`: the version that the wheels of a lock are for.
    """

    files: Callable[[ImageVariant], Files]
    check: bytes
    python: str


async def build(request: BuildRequest, bundle: Bundle, context: Context) -> int:
    """Build an image on its host, and answer with it."""
    host = request.host
    async with context.connected([host]) as connections:
        begun = time.monotonic()
        runner = context.runner(connections)
        making = await _decided(request, bundle, runner, context.emit)
        async with _alone(making, context, connections, runner), _taken_back(making, context, connections):
            making = await _with_wheels(making, bundle.python, runner)
            answer = await _built(making, runner, begun)
        context.emit(Answered(answer))
        return 0


async def show(request: BuildRequest, bundle: Bundle, context: Context) -> int:
    """Show what a build would do: it reads the host and repositories, and writes nothing."""
    host = request.host
    async with context.connected([host]) as connections:
        runner = Runner(Live(connections, context.memory), None, context.emit)
        making = await _decided(request, bundle, runner, context.emit)
        making = await _with_wheels(making, bundle.python, runner)
        steps = {
            "Build the image": make_plan(making, BuildProgress(host.name, {})),
            "Check the image": check_plan(making),
        }
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
    base = arguments(files["Dockerfile"].decode())["BASE_IMAGE"]
    if problems := no_room(inputs, base, _before(seen[now_named]), seen):
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


async def _with_wheels(making: Building, python: str, runner: Runner) -> Building:
    """Return a decision that has the wheels that it is built from, fetched first where they are missing."""
    lock, seen = lock_of(making.files), runner.seen[making.host]
    if not lock or making.wheels:
        return making
    known = are_there(lock, seen)
    await runner.run([Phase("Look for the wheels", facts={making.host: (known, BUILDERS)})])
    seen = runner.seen[making.host]
    if not seen[known]:
        plan = fetch_plan(lock, python, seen[BUILDERS], making.program, seen)
        await runner.run([Phase("Fetch the wheels", planned(plan))])
    return replace(making, wheels=str(folder(lock, seen)))


async def _built(making: Building, runner: Runner, begun: float) -> Built:
    """Build, check and name an image; says what came of it."""
    host, records = making.host, runner.seen[making.host][BUILD_RECORDS]
    known = times((each.record for each in records.values()), making.inputs.variant)
    progress = BuildProgress(host, known, every=making.every)
    start = time.monotonic()
    await runner.run([Phase(f"Build {making.tag}", planned(make_plan(making, progress)))])
    took = time.monotonic() - start
    candidate, named = image(making.candidate), image(making.tag)
    measure = size_of(making.candidate)
    await runner.run([Phase("Look at the image", facts={host: (candidate, named, measure)})])
    seen = runner.seen[host]
    new, old = seen[candidate].get(Engine.DOCKER), seen[named].get(Engine.DOCKER)
    if new is None:
        raise WorkFailed(Problem("build-failed", f"docker has no {making.candidate} after its build", host))
    kept = records.get(new.fingerprint)
    if old is not None and old.id == new.id and kept is not None and kept.record.measured is not None:
        record, checked = kept.record, 0.0  # it is what has passed its checks before
        await runner.run([Phase("Take away what the build needed", planned(undo_plan(making)))])
    else:
        start = time.monotonic()
        results = await runner.run([Phase("Check the image", planned(check_plan(making)))])
        inside, checked = found(results["check"], new, host), time.monotonic() - start
        measured = Measured(
            made=time.time(),
            host=host,
            engine=f"docker {seen[ENGINES].docker.version}",
            size=seen[measure],
            seconds=took,
            stages=progress.output.stages,
            versions=inside.versions,
            flags=inside.flags,
            checks=inside.checks,
        )
        record = Record(new.fingerprint, making.inputs, measured)
        plan = name_plan(making, record, old.id if old else "", new.id)
        await runner.run([Phase(f"Name it {making.tag}", planned(plan))])
    same = old is not None and old.id == new.id
    return Built(
        tag=whole_name(making.tag),
        host=host,
        id=new.id,
        record=record,
        before=previous_name(making.tag) if old is not None and not same else "",
        same=same,
        timing={"build": took, "check": checked, "all": time.monotonic() - begun},
    )


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
