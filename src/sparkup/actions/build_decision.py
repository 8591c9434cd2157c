"""What is to be built on a host: its facts, refs resolved to commits, and all that is in the way."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sparkup import __version__
from sparkup.domain.build import LABEL_INPUTS, BuildRequest, ImageVariant, Inputs, inputs_in
from sparkup.domain.dockerfile import arguments
from sparkup.domain.event import Warned
from sparkup.domain.fact import Seen
from sparkup.domain.launch import Engine
from sparkup.errors import GateRefused
from sparkup.facts.build_host import BUILD_HOST
from sparkup.facts.build_records import BUILD_RECORDS
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import image
from sparkup.facts.machine import MACHINE
from sparkup.facts.memory import MEMORY
from sparkup.planning import build_inputs
from sparkup.planning.build import Building
from sparkup.planning.build_gates import engine_problems, free, no_room, warnings, with_jobs
from sparkup.planning.build_inputs import Files
from sparkup.planning.containers import way_of_gpus
from sparkup.planning.launch import program_on
from sparkup.run.executor import Emit
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program_name


@dataclass(frozen=True, slots=True)
class Bundle:
    """What builds are made from: the context of each variant, the Dockerfile too, and the check of images.

    `python`: the version that the wheels of a lock are for.
    """

    files: Callable[[ImageVariant], Files]
    check: bytes
    python: str


async def decided(request: BuildRequest, bundle: Bundle, runner: Runner, emit: Emit) -> Building:
    """Look at the host and at repositories; raise what is in the way, or decide."""
    host = request.host.name
    images = [image(name) for name in (request.tag, request.like) if name]
    facts = (MACHINE, ENGINES, BUILD_HOST, MEMORY, BUILD_RECORDS)
    await runner.run([Phase("Look at the host", facts={host: (*facts, *images)})])
    seen = runner.seen[host]
    if problems := engine_problems(seen):
        raise GateRefused(*problems)
    before = inputs_in(_label(request.tag, seen))  # another's image, or none, tells nothing
    if request.like:
        wanted = build_inputs.read(_label(request.like, seen), request.like, host)
        files = bundle.files(wanted.variant)
        inputs, notes = build_inputs.again(wanted, files, seen[MACHINE].architecture, __version__)
        for note in notes:
            emit(Warned(note, "the image may differ from that one"))
        await runner.run([Phase("Look at the disk", facts={host: (free(seen),)})])
    else:
        files = bundle.files(request.variant)
        inputs = await _inputs(request, files, before, runner)
    seen = runner.seen[host]
    base = arguments(files["Dockerfile"].decode())["BASE_IMAGE"]
    if problems := no_room(inputs, base, before, seen):
        raise GateRefused(*problems)
    for warning in warnings(request, inputs, seen):
        emit(warning)
    return _making(request, inputs, files, bundle.check, seen)


def _label(name: str, seen: Seen) -> str:
    """Return what an image of docker says of its build, "" for none."""
    found = seen[image(name)].get(Engine.DOCKER)
    return found.labels.get(LABEL_INPUTS, "") if found else ""


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
