"""Hosts as plans see them: recorded from real ones, with the one thing changed that a test is about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from tests.fixtures.recorded import answers

from sparkup.domain.command import Environment
from sparkup.domain.container import ContainerRequest
from sparkup.domain.fact import Seen
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import Engine, LaunchRequest, Limits, RankState, Readiness
from sparkup.domain.plan import Plan, what
from sparkup.facts import (
    container_engines,
    containers,
    dgx,
    environments,
    gpus,
    launches,
    listeners,
    machine,
    memory,
    systemd,
)
from sparkup.facts.container_engines import Engines
from sparkup.facts.containers import ContainerState, Image
from sparkup.facts.environments import PythonEnvironment
from sparkup.facts.listeners import Listener
from sparkup.facts.machine import Machine
from sparkup.facts.mounts import Places
from sparkup.facts.programs import Lookup
from sparkup.facts.systemd import Systemd
from sparkup.planning.containers import image_fact, mounts_fact
from sparkup.planning.host_paths import inside_lookup
from sparkup.planning.processes import command_lookup

ADA: Machine = machine.parse(answers("machine", "user"))
NO_SYSTEMD: Systemd = systemd.parse(answers("systemd", "no_systemd_user"))
CPU, CUDA = environments.parse_environments(answers("environments", "two"))
NO_SPARK: dgx.Dgx = dgx.parse(answers("dgx", "vm"))
MEMORY: memory.Memory = memory.parse(answers("memory", "vm"))
NO_ENGINES: Engines = container_engines.parse(answers("engines", "absent"))
NO_GPUS = gpus.Gpus(shown=True, driver="580.95.05")
PLACES = Places({}, ())
VLLM = Lookup("/home/ada/bin/vllm")
SERVE = ("vllm", "serve", "Qwen/Qwen3-0.6B")


def request(
    *argv: str,
    name: str | None = None,
    hosts: Sequence[Host] = (LOCAL,),
    venv: str = "",
    limits: Limits | None = None,
    readiness: Readiness | None = None,
    environment: Environment | None = None,
    outlives: bool = True,
    engine: Engine | None = None,
    container: ContainerRequest | None = None,
) -> LaunchRequest:
    """Return what a user asked for."""
    return LaunchRequest(
        argv or SERVE,
        tuple(hosts),
        name=name,
        environment=environment or Environment(),
        python_environment=venv,
        limits=limits or Limits(),
        readiness=readiness or Readiness(),
        cwd="/home/ada",
        outlives=outlives,
        engine=engine,
        container=container or ContainerRequest(),
    )


def seen(
    asked: LaunchRequest | None = None,
    *,
    host: str = "local",
    machine_: Machine = ADA,
    launches_: Sequence[RankState] = (),
    listeners_: Sequence[Listener] = (),
    holders: Mapping[int, str] | None = None,
    systemd_: Systemd = NO_SYSTEMD,
    environments_: Sequence[PythonEnvironment] = (),
    lookup: Lookup = VLLM,
    engines: Engines = NO_ENGINES,
    images: Mapping[Engine, Image] | None = None,
    containers_: Sequence[ContainerState] = (),
    places: Places = PLACES,
    inside: Lookup | None = None,
    dgx_: dgx.Dgx = NO_SPARK,
    memory_: memory.Memory = MEMORY,
    gpu_: gpus.Gpus = NO_GPUS,
) -> Seen:
    """Return what was seen of a host."""
    values: dict[str, Any] = {
        machine.MACHINE.name: machine_,
        dgx.DGX.name: dgx_,
        memory.MEMORY.name: memory_,
        gpus.GPU.name: gpu_,
        launches.LAUNCHES.name: tuple(launches_),
        listeners.LISTENERS.name: tuple(listeners_),
        listeners.HOLDERS.name: holders or {},
        systemd.SYSTEMD.name: systemd_,
        environments.ENVIRONMENTS.name: tuple(environments_),
        command_lookup(asked or request()).name: lookup,
        container_engines.ENGINES.name: engines,
        containers.CONTAINERS.name: tuple(containers_),
        image_fact(asked or request()).name: images or {},
        mounts_fact(asked or request()).name: places,
    }
    values.setdefault(inside_lookup(asked or request()).name, lookup)
    if inside is not None:
        values[inside_lookup(asked or request()).name] = inside
    return Seen(host, values)


def running(name: str = "vllm_node", port: int | None = 8000, *, alive: bool = True) -> RankState:
    """Return a launch that is on a host."""
    return RankState(
        launch=name,
        attempt="a1b2c3d4",
        rank=0,
        folder=f"/home/ada/.local/state/sparkup/launches/{name}",
        started=1.0,
        alive=alive,
        pid=4711,
        argv=("vllm", "serve", "other/model", "--port", str(port)),
        url=f"http://127.0.0.1:{port}",
        owner=ADA.uid,
        mine=True,
        port=port,
    )


def with_programs(*names: str) -> Machine:
    """Return Ada's machine with programs of ours put there before."""
    return replace(ADA, programs=frozenset(ADA.state_root / "bin" / name for name in names))


def lines(plan: Plan) -> list[str]:
    """Return a plan as lines: what each step does, why, and after what."""
    found = []
    for step in plan.steps:
        after = f" (after {', '.join(step.after)})" if step.after else ""
        found += [f"{step.id} @ {step.host}{after}: {step.reason}", f"    {what(step)}"]
    return found + [f"  {note}" for note in plan.notes]


def folder(*parts: str) -> PurePosixPath:
    """Return a folder under Ada's state root."""
    return ADA.state_root.joinpath(*parts)
