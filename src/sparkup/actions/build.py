"""Build an image: look at the host, resolve refs, build, check, and only then let the name mean it."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import PurePosixPath

from sparkup.actions.build_decision import Bundle, decided
from sparkup.actions.context import Connections, Context
from sparkup.actions.env import BUILDERS, planned
from sparkup.actions.undoing import taken_back, tried
from sparkup.domain.build import BuildRequest, BuildShown, Built, Measured, Record
from sparkup.domain.event import Answered
from sparkup.domain.image import previous_name, whole_name
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan
from sparkup.errors import InputRefused, Problem, WorkFailed
from sparkup.facts.build_records import BUILD_RECORDS
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import Image, image
from sparkup.facts.environments import there
from sparkup.planning.build import Building, check_plan, make_plan, name_plan, undo_plan
from sparkup.planning.build_check import found
from sparkup.planning.build_progress import BuildProgress, times
from sparkup.planning.build_wheels import are_there, fetch_plan, folder, lock_of
from sparkup.planning.launch import put_program
from sparkup.run.executor import Emit, execute
from sparkup.run.gather import Live
from sparkup.run.hold import held
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name


async def build(request: BuildRequest, bundle: Bundle, context: Context) -> int:
    """Build an image on its host, and answer with it."""
    host = request.host
    async with context.connected([host]) as connections:
        begun = time.monotonic()
        runner = context.runner(connections)
        making = await decided(request, bundle, runner, context.emit)
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
        making = await decided(request, bundle, runner, context.emit)
        making = await _with_wheels(making, bundle.python, runner)
        steps = {
            "Build the image": make_plan(making, BuildProgress(host.name, {})),
            "Check the image": check_plan(making),
        }
        await runner.run([Phase(title, planned(plan)) for title, plan in steps.items()])
        context.emit(Answered(BuildShown(request.tag, making.inputs.document(), runner.shown())))
        return 0


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
    if not lock:
        return making
    if making.wheels:
        named = there(PurePosixPath(making.wheels))
        await runner.run([Phase("Look for the wheels", facts={making.host: (named,)})])
        if not runner.seen[making.host][named]:
            raise InputRefused(Problem("bad-option", f"--wheels: there is no {making.wheels}", making.host))
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
    await runner.run([Phase("Look at the image", facts={host: (candidate, named)})])
    seen = runner.seen[host]
    new, old = seen[candidate].get(Engine.DOCKER), seen[named].get(Engine.DOCKER)
    if new is None:
        raise WorkFailed(Problem("build-failed", f"docker has no {making.candidate} after its build", host))
    same, kept = old is not None and old.id == new.id, records.get(new.fingerprint)
    start, before = time.monotonic(), ""
    if same and kept is not None and kept.record.measured is not None:
        record = kept.record  # it is what has passed its checks before
        await runner.run([Phase("Take away what the build needed", planned(undo_plan(making)))])
    else:
        record = await _checked(making, new, runner, progress, took)
        plan = name_plan(making, record, new.id)
        results = await runner.run([Phase(f"Name it {making.tag}", planned(plan))])
        before = previous_name(making.tag) if results["name"].stdout.strip() else ""
    return Built(
        tag=whole_name(making.tag),
        host=host,
        id=new.id,
        record=record,
        before=before,
        same=same and not before,
        timing={"build": took, "check": time.monotonic() - start, "all": time.monotonic() - begun},
    )


async def _checked(
    making: Building, new: Image, runner: Runner, progress: BuildProgress, took: float
) -> Record:
    """Return the record of an image that passes its checks; raises WorkFailed for one that is unfit."""
    results = await runner.run([Phase("Check the image", planned(check_plan(making)))])
    inside = found(results["check"], new, making.host)
    measured = Measured(
        made=time.time(),
        host=making.host,
        engine=f"docker {runner.seen[making.host][ENGINES].docker.version}",
        size=new.size,
        seconds=took,
        steps=progress.output.ended,
        versions=inside.versions,
        flags=inside.flags,
        checks=inside.checks,
    )
    return Record(new.fingerprint, making.inputs, measured)


def _taken_back(
    making: Building, context: Context, connections: Connections
) -> AbstractAsyncContextManager[None]:
    """Let a block build an image; whatever goes wrong in it, the name means what it meant before."""

    async def undo(emit: Emit) -> Sequence[Problem]:
        problems = await tried(undo_plan(making), connections, emit)
        return [
            replace(
                each, code="not-undone", message=f"of the build is left: {each.message}", where=making.host
            )
            for each in problems
        ]

    def interrupted(left: Sequence[Problem]) -> Problem:
        end = "was broken off" if left else "was broken off; nothing of it is left but docker's cache"
        return Problem("interrupted", f"the build of {making.tag} {end}", making.host, "start it again")

    return taken_back(undo, interrupted, context)
