"""docker and podman on a host: whether they answer, what kept them from it, and how they give GPUs."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sparkup.domain.fact import Answers, Fact, files, paths, run, which
from sparkup.domain.launch import Engine
from sparkup.facts.gpus import PCI, has_card

RUNTIME_CONFIG = "/etc/nvidia-container-runtime/config.toml"  # of NVIDIA's container toolkit
CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi")  # where engines look for CDI specifications
GPU_CONTROL, INFINIBAND = "/dev/nvidiactl", "/dev/infiniband"
# The members of what `info` prints that are read.
DOCKER_SAYS = ("ServerVersion", "ServerErrors", "Runtimes", "CDISpecDirs", "SecurityOptions", "version")
PODMAN_SAYS = ("version", "host")
# Which daemon the client of this login talks to. Of what DOCKER_HOST names, the context is called "default".
CONTEXT = '{"name": {{json .Name}}, "host": {{json .Endpoints.docker.Host}}}'
SHIM = "Emulate Docker CLI using podman"
# What the clients say, in the words of their versions 20.10 to 29.
DENIED = re.compile(r"permission denied while trying to connect", re.IGNORECASE)
DOWN = re.compile(
    r"cannot connect to the docker daemon|is the docker daemon running|failed to connect to the docker API",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EngineState:
    """One engine. `state`: absent, denied, down, failed (said what `message` is), rootless, elsewhere, up.

    A docker is "podman" where it is a script that starts that one, as the package podman-docker has it.

    It is elsewhere when its client talks to what `message` names; a variable or context, `origin`, says so.
    """

    state: str = "absent"
    message: str = ""
    version: str = ""
    snap: bool = False  # snap's docker does not see NVIDIA's driver (users.md F53)
    nvidia_runtime: bool = False
    cdi: bool = False  # it takes CDI devices
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Engines:
    """The container engines of a host, and the devices that a container may be given."""

    docker: EngineState
    podman: EngineState
    gpu: bool  # there is a GPU of NVIDIA's: its driver may only be loaded when a container asks for it
    infiniband: bool
    cdi_mode: bool  # the toolkit refuses --gpus (users.md F52)
    cdi_spec: bool  # there is a specification of NVIDIA's devices

    def of(self, engine: Engine) -> EngineState:
        """Return the state of one engine."""
        return self.podman if engine is Engine.PODMAN else self.docker


def parse(answers: Answers) -> Engines:
    """Read the answers to ENGINES."""
    where = answers["programs"]["which"]
    devices = answers["devices"]["paths"]
    mode = "".join(answers["runtime"]["files"].values())
    return Engines(
        docker=_elsewhere(answers["context"]) or _docker(answers["docker"], where["docker"] or ""),
        podman=_podman(answers["podman"]),
        gpu=bool(devices[GPU_CONTROL]["kind"]) or has_card(answers["pci"]["files"]),
        infiniband=bool(devices[INFINIBAND]["kind"]),
        cdi_mode=bool(re.search(r'^\s*mode\s*=\s*"cdi"', mode, re.MULTILINE)),
        cdi_spec=any("nvidia" in path.rpartition("/")[2] for path in answers["cdi"]["files"]),
    )


def _elsewhere(answer: Mapping[str, Any]) -> EngineState | None:
    """Return the state of a docker whose client of this login talks to no daemon of this host, else None."""
    context = _object(answer["out"])
    host, name = str(context.get("host") or ""), str(context.get("name") or "")
    if not host or host.startswith("unix://"):
        return None
    return EngineState("elsewhere", host, origin="DOCKER_HOST" if name == "default" else name)


def _docker(answer: Mapping[str, Any], path: str) -> EngineState:
    snap = path.startswith("/snap/")
    if answer.get("missing"):
        return EngineState()
    info = _object(answer["out"])
    if answer["err"].startswith(SHIM) or "version" in info:  # may be told to be quiet
        return EngineState("podman")
    version = str(info.get("ServerVersion") or "")
    if version:
        # Only a daemon whose CDI is on names the folders of specifications (docker 25 and later).
        cdi = bool(info.get("CDISpecDirs"))
        state = "rootless" if "name=rootless" in (info.get("SecurityOptions") or ()) else "up"
        return EngineState(state, "", version, snap, "nvidia" in (info.get("Runtimes") or {}), cdi)
    errors = [*(info.get("ServerErrors") or ()), answer["err"], _unanswered(answer)]
    lines = [line for error in errors for line in str(error).splitlines()]
    for state, words in (("denied", DENIED), ("down", DOWN)):
        if message := next(filter(words.search, lines), ""):
            return EngineState(state, message, snap=snap)
    return EngineState("failed", lines[0], snap=snap)


def _podman(answer: Mapping[str, Any]) -> EngineState:
    if answer.get("missing"):
        return EngineState()
    info = _object(answer["out"])
    version = str((info.get("version") or {}).get("Version") or "")
    if version and _of_host(info).get("serviceIsRemote"):
        return EngineState("elsewhere", "a service", version, origin="CONTAINER_HOST")
    if version:
        return EngineState("rootless" if _security(info).get("rootless") else "up", "", version, cdi=True)
    lines = answer["err"].strip().splitlines() or [_unanswered(answer)]
    return EngineState("failed", lines[-1])


def _of_host(info: Mapping[str, Any]) -> Mapping[str, Any]:
    return info.get("host") or {}


def _security(info: Mapping[str, Any]) -> Mapping[str, Any]:
    return _of_host(info).get("security") or {}


def _unanswered(answer: Mapping[str, Any]) -> str:
    return "no answer in time" if answer.get("timeout") else f"exit status {answer['status']}"


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _recorded(answers: Answers) -> Answers:
    """Leave out what is not read: proxies have passwords, registries and plugins are nobody's business."""
    kept = {"docker": DOCKER_SAYS, "podman": PODMAN_SAYS}
    return {**answers, **{name: _only(answers[name], members) for name, members in kept.items()}}


def _only(answer: Mapping[str, Any], members: Iterable[str]) -> Mapping[str, Any]:
    """Return an answer with only some members of what was printed, and of runtimes only their names."""
    info = _object(answer["out"])
    found = {name: info[name] for name in members if name in info}
    if runtimes := found.get("Runtimes"):
        found["Runtimes"] = dict.fromkeys(runtimes)
    if isinstance(version := found.get("version"), dict):
        found["version"] = {"Version": version.get("Version")}
    if "host" in found:
        remote = _of_host(info).get("serviceIsRemote")
        found["host"] = {"security": {"rootless": _security(info).get("rootless")}, "serviceIsRemote": remote}
    return {**answer, "out": json.dumps(found) if found else ""}


ENGINES = Fact(
    "engines",
    {
        "programs": which("docker", "podman"),
        "docker": run("docker", "info", "--format", "{{json .}}", timeout=15),
        "context": run("docker", "context", "inspect", "--format", CONTEXT),
        "podman": run("podman", "info", "--format", "json", timeout=15),
        "devices": paths(GPU_CONTROL, INFINIBAND),
        "pci": PCI,
        "runtime": files(RUNTIME_CONFIG, keep=r"[ \t]*mode[ \t]*="),
        "cdi": files(*(f"{folder}/*" for folder in CDI_FOLDERS), max_bytes=0),
    },
    parse,
    recorded=_recorded,
)
