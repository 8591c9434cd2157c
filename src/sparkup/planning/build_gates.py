"""Whether a host can build an image, and how many jobs its memory lets compile at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sparkup.domain.build import BuildRequest, ImageVariant, Inputs
from sparkup.domain.event import Warned
from sparkup.domain.fact import Fact, Seen
from sparkup.domain.launch import Engine
from sparkup.errors import Problem
from sparkup.facts.build_host import BUILD_HOST, room
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.memory import MEMORY
from sparkup.planning.engines import not_up
from sparkup.planning.environment_disks import size

GIB = 1 << 30
# What compiling FlashInfer and vLLM takes: 3 to 8 GiB a job (users.md F27). We count on the most, and say so
# when a user's own number could not have the least.
MOST, LEAST = 8 * GIB, 3 * GIB
SPARE = 4 * GIB  # for what else runs on the host


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that a build takes of the disk: the first time, and when what it is made of is there already."""

    first: int
    again: int


# The images of the GPU are 20 to 35 GB and are in the cache of the build as well; the
# cpu image is 3.2 GB and unpacks 1 GB of wheels.
ROOM: Mapping[ImageVariant, Room] = {
    ImageVariant.SOURCE: Room(70 * 10**9, 25 * 10**9),
    ImageVariant.WHEELS: Room(50 * 10**9, 20 * 10**9),
    ImageVariant.MXFP4: Room(70 * 10**9, 25 * 10**9),
    ImageVariant.CPU: Room(8 * 10**9, 4 * 10**9),
}
OWN_BASE = Room(10 * 10**9, 10 * 10**9)  # of a base that the user has chosen we know nothing


def free(seen: Seen) -> Fact[Mapping[str, int]]:
    """Return a fact for how much is free where Docker keeps its data."""
    return room((seen[BUILD_HOST].root,))


def engine_problems(seen: Seen) -> list[Problem]:
    """Return what keeps Docker of the host from building at all."""
    state = seen[ENGINES].of(Engine.DOCKER)
    if state.state == "podman":
        hint = "install docker there, or build on another machine with --on HOST"
        return [Problem("no-builder", "docker there is podman by another name", seen.host, hint)]
    if state.state != "up":
        return [not_up(Engine.DOCKER, state, seen)]
    if not seen[BUILD_HOST].builds:
        message = f"docker {seen[BUILD_HOST].client} there has no buildx, and cannot build with BuildKit"
        hint = "sudo apt-get install docker-buildx-plugin (of Debian: docker-buildx)"
        return [Problem("no-builder", message, seen.host, hint)]
    return []


def no_room(inputs: Inputs, base: str, before: Inputs | None, seen: Seen) -> list[Problem]:
    """Return what is in the way where Docker keeps its data.

    `base`: the variant's own base image; `before`: what the image was built from that has the name now.
    """
    needs = ROOM[inputs.variant] if inputs.base == base else OWN_BASE
    wanted = needs.again if before is not None and before.variant is inputs.variant else needs.first
    root = seen[BUILD_HOST].root
    there = seen[free(seen)][root]
    if there >= wanted:
        return []
    message = f"a build takes up to {size(wanted)}, and {size(there)} are free at {root}"
    return [Problem("no-disk", message, seen.host, "sparkup images prune says what can go, and removes it")]


def jobs(seen: Seen) -> int | None:
    """Return how many jobs have room in the memory that is free, None where it is not known."""
    available = seen[MEMORY].available
    if available is None:
        return None
    return max(1, min(seen[BUILD_HOST].processors, (available - SPARE) // MOST))


def with_jobs(
    request: BuildRequest, given: Mapping[str, str], before: Inputs | None, seen: Seen
) -> dict[str, str]:
    """Return the arguments with as many jobs as fit, unless they were named.

    A number that was taken before is kept while it fits: another would have everything made anew.
    """
    fit = jobs(seen)
    if "BUILD_JOBS" not in given or "BUILD_JOBS" in request.arguments or fit is None:
        return dict(given)
    kept = before is not None and before.arguments.get("BUILD_JOBS") == given["BUILD_JOBS"]
    if kept and given["BUILD_JOBS"].isdecimal() and fit // 2 <= int(given["BUILD_JOBS"]) <= fit:
        return dict(given)
    return {**given, "BUILD_JOBS": str(fit)}


def warnings(request: BuildRequest, inputs: Inputs, seen: Seen) -> Iterator[Warned]:
    """Yield what the user should know before a build."""
    named, available = request.arguments.get("BUILD_JOBS", ""), seen[MEMORY].available
    compiles = inputs.variant in (ImageVariant.SOURCE, ImageVariant.MXFP4)
    if compiles and named.isdecimal() and available is not None and int(named) * LEAST > available:
        problem = f"{named} jobs want {size(int(named) * LEAST)} or more, and {size(available)} are available"
        yield Warned(problem, f"{jobs(seen)} fit")
    if inputs.variant is ImageVariant.WHEELS:
        hint = "the source build is the recommended one: leave --use-wheels out"
        yield Warned("wheels are not optimised for this GPU, and may hang clusters", hint)
    if inputs.variant is not ImageVariant.CPU and inputs.platform != "linux/arm64":
        yield Warned(
            f"this image will be for {inputs.platform}, and run on no Spark", "build on one: --on HOST"
        )
    if "@sha256:" not in inputs.base:
        hint = "name it with its digest: NAME@sha256:..."
        yield Warned(f"the base image {inputs.base} may be another one tomorrow", hint)
    proxies = seen[BUILD_HOST].own_proxies
    if proxies and request.network != "host":
        problem = f"{', '.join(proxies)} leads to the host's own loopback, which a build does not see"
        yield Warned(problem, "build with --network host")
