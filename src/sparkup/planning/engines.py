"""What keeps a container engine from running a launch, with its remedy and what else could run it."""

from collections.abc import Container

from sparkup.domain.fact import Seen
from sparkup.domain.host import LOCAL
from sparkup.domain.launch import Engine, LaunchRequest
from sparkup.errors import Problem
from sparkup.facts.container_engines import ENGINES, EngineState
from sparkup.facts.machine import MACHINE


def instead(engine: Engine, request: LaunchRequest, seen: Seen, images: Container[Engine]) -> str:
    """Say in a hint what else could run a launch, "" for nothing; `images`: who has its image."""
    other = Engine.PODMAN if engine is Engine.DOCKER else Engine.DOCKER
    engines, ways = seen[ENGINES], []
    if engines.of(other).state == "up" and other in images and engines.of(engine).state != "podman":
        ways.append(f"--engine {other}, which has the image")
    if not request.container.needed or len(request.hosts) > 1:
        ways.append("--engine host" + (", without options of containers" if request.container.asked else ""))
    return f"; or use {', or '.join(ways)}" if ways else ""


def no_image(name: str, engine: Engine, host: str, other: str) -> Problem:
    """Say that an engine has no such image; `other`: what `instead` returned."""
    hint = f"{engine} image ls shows what there is; fetch one: {engine} pull {name}{other}"
    return Problem("image-not-found", f"{engine} has no image {name}", host, hint)


def not_up(engine: Engine, state: EngineState, seen: Seen, other: str = "") -> Problem:
    """Say what keeps an engine from working; `other`: what `instead` returned, "" where only it will do."""
    user = seen[MACHINE].user
    match state.state:
        case "absent":
            message = f"{engine} is not installed"
            hint = f"sudo apt-get install {'docker.io' if engine is Engine.DOCKER else 'podman'}"
        case "denied":
            message = f"{user} may not use {engine}: {state.message}"
            hint = f"once: sudo usermod -aG docker {user}, then log in anew{_lingering(seen.host)}"
        case "down":
            message = f"{engine} does not run: {state.message}"
            hint = "sudo systemctl start docker; why it does not run: journalctl -u docker"
        case "elsewhere":
            message, hint = _elsewhere(engine, state)
        case "rootless":
            message, hint = _without_root(engine)
        case "podman":
            message, hint = "docker there is podman by another name", "use --engine podman"
        case _:
            message = f"{engine} does not answer: {state.message}"
            hint = f"see what `{engine} info` says there"
    return Problem("no-engine", message, seen.host, f"{hint}{other}")


def _lingering(host: str) -> str:
    """An SSH connection that several calls share has the groups with which it began."""
    return "" if host == LOCAL.name else f" and let a minute pass without sparkup on {host}"


def _elsewhere(engine: Engine, state: EngineState) -> tuple[str, str]:
    """What a launch mounts and listens at is on the host, and its containers would not be."""
    variable = state.origin in ("DOCKER_HOST", "CONTAINER_HOST")
    why = state.origin if variable else f"the context {state.origin}"
    message = f"{engine} of this login talks to {state.message}, and not to the host's own ({why})"
    hint = f"let the login there not set {state.origin}" if variable else "docker context use default, there"
    if not variable:
        hint += "; DOCKER_CONTEXT may name one as well"
    return message, f"{hint}; a launch on another machine: --host MACHINE"


def _without_root(engine: Engine) -> tuple[str, str]:
    if engine is Engine.PODMAN:
        message = "podman without root is not supported: its containers may end with the login"
        return message, "launch as root of that host: --host root@HOST; or use docker"
    message = (
        "docker without root is not supported: its containers have neither the host's network nor privileges"
    )
    return (
        message,
        "use the docker of the system: let the login not set DOCKER_HOST, and docker context use default",
    )
