"""Build an image: look at the host, resolve refs, build, check, and only then let the name mean it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sparkup.actions.build_decision import Bundle, decided
from sparkup.actions.context import Connections, Context
from sparkup.actions.env import BUILDERS, planned
from sparkup.domain.build import (
    BuildRequest,
    BuildShown,
    Built,
    Measured,
    Record,
)
from sparkup.domain.event import Answered
from sparkup.domain.image import previous_name, whole_name
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan, document
from sparkup.errors import InputRefused, Interrupted, Problem, SparkupError, WorkFailed
from sparkup.facts.build_records import BUILD_RECORDS
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import Image, image
from sparkup.facts.environments import there
from sparkup.planning.build import Building, check_plan, make_plan, name_plan, undo_plan
from sparkup.planning.build_check import Found, found
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
        phases = tuple(
            {"title": title, "steps": document(plan), "notes": list(plan.notes)}
            for title, plan in runner.plans
            if plan
        )
        context.emit(Answered(BuildShown(request.tag, making.inputs.document(), phases)))
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
        inside = await _checked(making, new, runner)
        came = Came(time.time(), took, f"docker {seen[ENGINES].docker.version}")
        record = came.record(making, new, inside, progress)
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


async def _checked(making: Building, new: Image, runner: Runner) -> Found:
    """Return what was found inside an image; raises WorkFailed for one that is unfit."""
    results = await runner.run([Phase("Check the image", planned(check_plan(making)))])
    return found(results["check"], new, making.host)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a build but for what is inside: when, in how many seconds, by which engine."""

    made: float
    seconds: float
    engine: str

    def record(self, making: Building, new: Image, inside: Found, progress: BuildProgress) -> Record:
        """Return the record of the image."""
        measured = Measured(
            made=self.made,
            host=making.host,
            engine=self.engine,
            size=new.size,
            seconds=self.seconds,
            steps=progress.output.ended,
            versions=inside.versions,
            flags=inside.flags,
            checks=inside.checks,
        )
        return Record(new.fingerprint, making.inputs, measured)


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
