"""How a managed environment is made on a host, and whether it can be."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sparkup.commands import pip
from sparkup.commands.node import Program
from sparkup.domain.command import Command
from sparkup.domain.fact import Seen
from sparkup.domain.plan import Plan, Put, Run, Step
from sparkup.domain.variant import Variant
from sparkup.errors import GateRefused, Problem
from sparkup.facts.environments import ENVIRONMENTS, RECORD, Builders, Python, PythonEnvironment
from sparkup.facts.gpus import GPU, Gpus
from sparkup.facts.machine import MACHINE, Machine
from sparkup.facts.pip_places import PIP_PLACES
from sparkup.planning.environment_disks import keeps_downloads, no_room, size
from sparkup.planning.environment_removal import aside
from sparkup.planning.pip_output import APT, no_venv, not_installed, pip_line


@dataclass(frozen=True, slots=True)
class Making:
    """A decision: make this environment, in this folder, with this Python."""

    variant: Variant
    folder: PurePosixPath
    python: Python
    uv: str  # path of uv where it makes the environment, "" where Python itself does
    index: bool  # PyTorch's own index of CPU wheels is to be used
    download: int  # bytes, for the host's architecture
    cache: bool = True  # what is downloaded is kept: there is room for it

    @property
    def name(self) -> str:
        """Return what the environment will be called."""
        return self.folder.name


def existing(variant: Variant, seen: Seen) -> PythonEnvironment | None:
    """Return the environment that is already made from this very lock, if there is one."""
    return next(
        (env for env in seen[ENVIRONMENTS] if (env.variant, env.digest) == (variant.name, variant.digest)),
        None,
    )


def decide(variant: Variant, seen: Seen, builders: Builders, with_wheels: Sequence[str] | None) -> Making:
    """Decide how to make an environment. Raises GateRefused with all that is in the way.

    `with_wheels` lists the Pythons for which pip finds the CPU build of torch; None: not asked.
    """
    machine, places = seen[MACHINE], seen[PIP_PLACES]
    download = variant.downloads.get(machine.architecture, 0)
    checks = (_platform(variant, machine), _libc(variant, machine), _gpu(variant, seen[GPU]))
    problems = [*(problem for problem in checks if problem), *no_room(variant, download, places)]
    python = _python(variant, builders, with_wheels)
    if isinstance(python, Problem):
        problems.append(python)
    if problems or isinstance(python, Problem):
        raise GateRefused(*(_at(problem, seen.host) for problem in problems))
    folder = machine.environments / f"{variant.name}-{variant.vllm}-{variant.digest}"
    uv = "" if python.ensurepip else builders.uv
    index = variant.needs_cpu_torch and builders.index
    cache = keeps_downloads(variant, download, places)
    return Making(variant, folder, python, uv, index, download, cache)


def _at(problem: Problem, host: str) -> Problem:
    return Problem(problem.code, problem.message, host, problem.hint)


def _platform(variant: Variant, machine: Machine) -> Problem | None:
    if machine.architecture in variant.downloads:
        return None
    known = " and ".join(variant.downloads)
    return Problem(
        "unsupported-platform",
        f"there are no wheels of vLLM ({variant.name}) for {machine.architecture}, only for {known}",
        hint="run it on one of these, with --host; vLLM's images are for the same",
    )


def _gpu(variant: Variant, gpus: Gpus) -> Problem | None:
    if not variant.needs_gpu:
        return None
    needs = f"vLLM ({variant.name}) needs an NVIDIA GPU"
    if not gpus.shown:
        cards = f"{', '.join(gpus.cards)} is there, but NVIDIA's driver does not show it"
        why = cards if gpus.cards else "no driver shows one"
        hint = "on a Spark: nvidia-smi says why; without a GPU: sparkup env create cpu"
        return Problem("no-gpu", f"{needs}, and {why}", hint=hint)
    if gpus.driver and _version(gpus.driver) < _version(variant.driver):
        why = f"with driver {variant.driver} or newer, and the driver is {gpus.driver}"
        hint = "update the driver and restart the machine; until then: sparkup env create cpu"
        return Problem("no-gpu", f"{needs} {why}", hint=hint)
    return None


def _libc(variant: Variant, machine: Machine) -> Problem | None:
    """Wheels are built against a C library: an older one cannot load them (PEP 600)."""
    wanted = variant.glibc.get(machine.architecture, "0")
    if machine.glibc and _version(machine.glibc) >= _version(wanted):
        return None
    there = f"glibc {machine.glibc}" if machine.glibc else "another C library"
    return Problem(
        "unsupported-platform",
        f"the wheels of vLLM need glibc {wanted}, the host has {there}",
        hint="use a newer system (Debian 12, Ubuntu 24.04) or a container image",
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _python(variant: Variant, builders: Builders, with_wheels: Sequence[str] | None) -> Python | Problem:
    fitting = [python for python in builders.pythons if python.version in variant.pythons]
    usable = [python for python in fitting if python.ensurepip or builders.uv]
    if not usable and builders.uv:
        return Python("", variant.pythons[0], ensurepip=False, pip=False)  # uv fetches one
    if not usable:
        what = "cannot make virtual environments (no ensurepip)" if fitting else "is there"
        wanted = f"{'the' if fitting else 'no'} Python {variant.pythons[0]} to {variant.pythons[-1]}"
        return Problem("no-python", f"{wanted} {what}", hint=APT)
    if with_wheels is None:
        return usable[0]
    found = next((python for python in usable if python.version in with_wheels), None)
    return found or _no_torch(variant, usable)


def _no_torch(variant: Variant, usable: Sequence[Python]) -> Problem:
    tried = ", ".join(python.version for python in usable)
    return Problem(
        "registry-gone",
        f"torch {variant.torch} is found neither at {pip.TORCH_CPU_INDEX} nor where pip is configured "
        f"to look, for Python {tried}",
        hint="connect to the internet, or put the wheel in a folder and set PIP_FIND_LINKS to it",
    )


def make_plan(making: Making, program: Program, host: str, now: float) -> Plan:
    """Return the steps that make an environment; the record is written last and makes it count."""
    folder = making.folder
    steps: list[Step] = [
        Run(
            "clear",
            host,
            Command(("rm", "-rf", "--", str(folder), str(aside(folder.parent, making.variant.name)))),
            "remove what an interrupted attempt left",
        ),
        _venv(making, program, host),
        Put("lock", host, making.variant.lock, _lock(making), "the exact packages, with hashes"),
        _packages(making, program, host),
        *_shim(making, host),
        Run(
            "check",
            host,
            Command(pip.version_of(str(folder / "bin" / "vllm")), timeout=300),
            "vLLM can be imported",
        ),
        Put("record", host, _record(making, now), folder / RECORD, "the environment counts from here on"),
    ]
    return Plan(_in_turn(steps))


def _venv(making: Making, program: Program, host: str) -> Run:
    folder, python = str(making.folder), making.python
    argv = pip.uv_venv(making.uv, python.version, folder) if making.uv else pip.venv(python.path, folder)
    return Run(
        "venv",
        host,
        Command(program.guard(argv)),
        f"a virtual environment of Python {python.version}",
        explain=lambda result: no_venv(result, host),
        shown=pip_line,
    )


def _packages(making: Making, program: Program, host: str) -> Run:
    indexes = [pip.TORCH_CPU_INDEX] if making.index else []
    install = pip.install(str(making.folder), str(_lock(making)), indexes, cache=making.cache)
    return Run(
        "packages",
        host,
        Command(program.guard(install)),
        f"install vLLM {making.variant.vllm} ({size(making.download)} to download)",
        explain=lambda result: not_installed(result, host),
        shown=pip_line,
    )


def _lock(making: Making) -> PurePosixPath:
    return making.folder / "requirements.lock"


def _in_turn(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return steps, each after the one before."""
    befores = [(), *((step.id,) for step in steps)]
    return tuple(replace(step, after=after) for step, after in zip(steps, befores, strict=False))


def _shim(making: Making, host: str) -> list[Step]:
    """Return the package metadata that vLLM's command line asks for: the CPU build has another name."""
    if not making.variant.needs_cpu_torch:
        return []
    version = f"{making.variant.vllm}+cpu"  # platform detection looks for "cpu" in it
    site = making.folder / "lib" / f"python{making.python.version}" / "site-packages"
    info = site / f"vllm-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n".encode()
    return [
        Put(
            "metadata",
            host,
            metadata,
            info / "METADATA",
            "vLLM looks itself up under the name vllm",
        ),
        Put("files", host, b"", info / "RECORD", "so that pip can list it"),
    ]


def _record(making: Making, now: float) -> bytes:
    variant = making.variant
    record = {
        "variant": variant.name,
        "digest": variant.digest,
        "vllm": variant.vllm,
        "python": making.python.version,
        "made": now,
    }
    return json.dumps(record, indent=1).encode() + b"\n"


def undo_plan(folder: PurePosixPath, host: str) -> Plan:
    """Return the step that removes what was made of an environment: without a record it never was one."""
    reason, command = f"remove {folder.name}", Command(("rm", "-rf", "--", str(folder)))
    return Plan((Run(reason, host, command, reason, unbroken=True),))


def not_undone(folder: PurePosixPath, host: str, problem: Problem) -> Problem:
    """Return what kept the beginnings of an environment from being removed, and how to make up for it."""
    hint = f"remove it: {Command(('rm', '-r', str(folder))).shell()}"
    message = f"{folder} may still be there: {problem.message}"
    return Problem("not-undone", message, host, hint, problem.details)
