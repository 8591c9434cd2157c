"""Which engine runs a launch, and what its container gets of the host: image, GPU, mounts, limits."""

from collections.abc import Iterator, Mapping

from sparkup.commands.vllm import parse_serve
from sparkup.domain.container import Container
from sparkup.domain.fact import Fact, Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import Engine, LaunchRequest, RankState
from sparkup.errors import GateRefused, InputRefused, Problem
from sparkup.facts.container_engines import ENGINES, Engines
from sparkup.facts.containers import CONTAINERS, ContainerState, Image, image
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.facts.mounts import Places, mounts
from sparkup.planning.container_mounts import cache_mounts, own_mounts
from sparkup.planning.engine_words import devices, no_devices, no_variables, of_podman, variable_files
from sparkup.planning.engines import instead, no_image, not_up
from sparkup.planning.host_paths import source_of
from sparkup.planning.orphans import there

SHOWN = 3  # paths in a note
DEFAULT_IMAGE = "vllm-node"  # what `docker build -t vllm-node .` has made for years
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # uname -m, and the same in Go's words
NONE = ("absent", "podman")  # states of a docker that is not there, or podman by another name
ROOTS = ("", "root", "0", "0:0", "root:root")
# NCCL is to choose its threads' processors by the GPU, not by the mask that an engine gives.
ALWAYS = {"NCCL_IGNORE_CPU_AFFINITY": "1"}


def image_fact(request: LaunchRequest) -> Fact[Mapping[Engine, Image]]:
    """Return the fact about a request's image."""
    return image(request.container.image or DEFAULT_IMAGE)


def mounts_fact(request: LaunchRequest) -> Fact[Places]:
    """Return the fact about what a request wants to mount."""
    asked = request.container
    sources = (source_of(mount, request) for mount in asked.mounts if not mount.volume)
    return mounts((*sources, *devices(asked.extra), *variable_files(request)))


def engine_of(request: LaunchRequest, seen: Seen) -> Engine:
    """Return the engine: as asked; else one that has the image; else none, unless containers are meant."""
    if request.engine is not None:
        return request.engine
    if request.python_environment:
        return Engine.HOST  # an environment of the host was asked for, if only by its PATH
    engines, images = seen[ENGINES], seen[image_fact(request)]
    for engine in (Engine.DOCKER, Engine.PODMAN):
        if engines.of(engine).state == "up" and engine in images:
            return engine
    if not request.container.asked:
        return Engine.HOST
    other = engines.docker.state in NONE and engines.podman.state not in NONE
    return Engine.PODMAN if other else Engine.DOCKER


def container(request: LaunchRequest, engine: Engine, seen: Seen, problems: list[Problem]) -> Container:
    """Decide what the container gets; notes all problems."""
    asked, engines, host = request.container, seen[ENGINES], seen.host
    name = asked.image or DEFAULT_IMAGE
    places = seen[mounts_fact(request)]
    own = tuple(own_mounts(request, places, host, problems))
    problems += no_devices(asked, places, host)
    problems += no_variables(request, places, host)
    problems += _contradictions(request, engine, host)
    state, images = engines.of(engine), seen[image_fact(request)]
    other = instead(engine, request, seen, images)
    if state.state != "up":
        problems.append(not_up(engine, state, seen, other))
        return Container(name, "")
    found = images.get(engine)
    if found is None:
        problems.append(no_image(name, engine, host, other))
        return Container(name, "")
    problems += _of_image(name, found, seen)
    gpus, problem = way_of_gpus(engine, engines, host)
    problems += [problem] if problem else []
    user = user_of(found)
    mounted = places.caches if asked.caches else places.hub
    caches = tuple(cache_mounts(mounted, own, places, host, problems)) if not user else ()
    return Container(
        image=name,
        image_id=found.id,
        user=user,
        working_dir=found.working_dir or "/",
        entrypoint=found.entrypoint if asked.keep_entrypoint else (),
        gpus=gpus,
        infiniband=engines.infiniband,
        mounts=(*caches, *own),
        ports=asked.ports,
        limits=asked.limits,
        extra=tuple(map(places.at_home, asked.extra)),
    )


def user_of(image: Image | None) -> str:
    """Return whose rights a command of an image has: "" for root's."""
    return "" if image is None or image.user in ROOTS else image.user


def why_none(request: LaunchRequest, seen: Seen) -> tuple[str, ...]:
    """Say why a server runs in no container where an engine might have run one and nobody has chosen."""
    if request.engine is not None or request.python_environment or parse_serve(request.argv) is None:
        return ()
    engines = seen[ENGINES]
    there = [engine for engine in (Engine.DOCKER, Engine.PODMAN) if engines.of(engine).state not in NONE]
    engine = next(iter(there), None)
    if engine is None:
        return ()
    image = request.container.image or DEFAULT_IMAGE
    reasons = {
        "up": f"has no image {image} (another: -t IMAGE)",
        "denied": f"does not let {seen[MACHINE].user} in",
        "down": "does not run",
        "elsewhere": "talks to another machine",
        "rootless": "runs without root",
    }
    return (f"engine host: {engine} {reasons.get(engines.of(engine).state, 'does not answer')}",)


def notes(chosen: Container, request: LaunchRequest, seen: Seen) -> tuple[str, ...]:
    """Say what the user would not expect."""
    if chosen.user:
        return (f"no caches are mounted: the image runs as {chosen.user}, and they are for root in it",)
    made = seen[mounts_fact(request)].roots
    if not made:
        return ()
    more = f" and {len(made) - SHOWN} more" if len(made) > SHOWN else ""
    first, user = " ".join(made[:SHOWN]), seen[MACHINE].user
    return (f"root in containers has made {first}{more}; to own it: sudo chown -R {user} {first}",)


def container_of(rank: RankState, seen: Seen) -> ContainerState:
    """Return the container that a launch runs in.

    Raises InputRefused for one that does not run any more, GateRefused when its engine does not answer.
    """
    engine = Engine(rank.spec["engine"])
    if (state := seen[ENGINES].of(engine)).state != "up":
        raise GateRefused(not_up(engine, state, seen))
    found = next((each for each in seen[CONTAINERS] if each.attempt == rank.attempt), None)
    if found is None or found.state != "running":
        what = found.state if found else "gone"
        paused = f"let it go on: {engine} unpause {found.name}" if found and what == "paused" else ""
        raise InputRefused(
            Problem(
                "unknown-launch",
                f"the container of {rank.launch} does not run ({what})",
                where=seen.host,
                hint=paused or follow_up("status", "", seen.host),
            )
        )
    return found


def name_problem(name: str, engine: Engine, seen: Seen) -> Problem | None:
    """Say who has the container name, if somebody has; our own that have ended are replaced."""
    if len(name) < 2:
        message = f"{name} cannot be the name of a container: it takes two characters"
        return Problem("bad-name", message, seen.host, "choose another with --name")
    attempts = {rank.attempt for rank in seen[LAUNCHES] if rank.mine}
    orphans = {rank.attempt for rank in there(seen) if rank.orphaned}
    for each in seen[CONTAINERS]:
        if (each.name, each.engine) == (name, engine) and each.attempt not in attempts:
            if each.attempt in orphans:
                message = f"{name} is a launch whose folder is gone: {each.image} ({each.state})"
                hint = f"choose another with --name, or: {follow_up('stop', name, seen.host)}"
                return Problem("name-taken", message, seen.host, hint)
            whose = "a launch that is not this user's" if each.launch else "a container of somebody else"
            message = f"{name} is the name of {whose}: {each.image} ({each.state})"
            remove = "" if each.state == "running" else f", or: {each.engine} rm {name}"
            return Problem("name-taken", message, seen.host, f"choose another with --name{remove}")
    return None


def _of_image(name: str, found: Image, seen: Seen) -> Iterator[Problem]:
    machine = ARCHITECTURES.get(seen[MACHINE].architecture, seen[MACHINE].architecture)
    if found.architecture != machine:
        message = f"the image {name} is for {found.os}/{found.architecture}, this machine is {machine}"
        yield Problem("wrong-architecture", message, seen.host, f"get one that is built for {machine}")


def way_of_gpus(engine: Engine, engines: Engines, host: str) -> tuple[str, Problem | None]:
    """Return how the engine gives GPUs, "" where the host has none (users.md F51 to F53)."""
    state = engines.of(engine)
    if not engines.gpu:
        return "", None
    if state.snap:
        hint = "remove snap's docker and install docker-ce or the packages of DGX OS"
        return "", Problem("no-gpu-in-container", "snap's docker cannot give containers the GPU", host, hint)
    if state.nvidia_runtime:
        return ("runtime" if engines.cdi_mode else "all"), None
    if engines.cdi_spec and state.cdi:
        return "cdi", None
    if engine is Engine.PODMAN:
        hint = "once: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
        return "", Problem("no-gpu-in-container", "podman has no CDI specification of the GPU", host, hint)
    hint = "once: sudo nvidia-ctk runtime configure --runtime=docker, then sudo systemctl restart docker"
    return "", Problem("no-gpu-in-container", "docker does not know NVIDIA's runtime", host, hint)


def _contradictions(request: LaunchRequest, engine: Engine, host: str) -> Iterator[Problem]:
    """Refuse what no container can have, or not this one."""
    asked = request.container
    if request.limits and not asked.limits:
        hint = "add --non-privileged, or leave the limits out"
        yield Problem("bad-option", "limits of a container need --non-privileged", host, hint)
    if request.python_environment:
        hint = "leave --venv out, or use --engine host"
        yield Problem("bad-option", f"a container of {engine} has no managed environment", host, hint)
    if engine is Engine.PODMAN:
        yield from of_podman(asked, host)
