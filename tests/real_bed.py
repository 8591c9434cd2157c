"""Simulated hosts that have the real vLLM, a tiny model, and an image if they have a container engine."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tests.docked_fixture import skip_unless_there
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted, sweep
from tests.user import ROOT

CPU_RAY = ROOT / "tests" / "fakes" / "cpu_ray"  # stock vLLM has no Ray on the CPU
MODEL = "/root/model"
IMAGE = "bare:1"
PACKAGES = ("python3", "procps", "libstdc++6", "libnuma1")


@dataclass(frozen=True, slots=True)
class RealBed:
    """Hosts, the managed environment, which all of them see, and what runs ranks there."""

    hosts: Testbed
    environment: Path
    engine: str = "host"


@contextmanager
def booted_hosts(
    environment: Path, engine: str = "host", count: int = 2, more: Sequence[Path] = ()
) -> Iterator[RealBed]:
    """Boot hosts that see the environment and `more`; they have the tiny model; engines have an image."""
    setup = "none" if engine == "host" else "docker"
    if engine == "host":
        skip_unless_able(setup)
    else:
        skip_unless_there(engine)
    compiled(environment)
    sweep()
    shares = tuple(dict.fromkeys((environment, *base(environment), CPU_RAY, *more)))
    with booted(Setup(hosts=count, engine=setup, shares=shares)) as hosts:
        furnish(hosts, environment)
        if engine != "host":
            images(hosts, engine)
        yield RealBed(hosts, environment, engine)


def base(environment: Path) -> tuple[Path, ...]:
    """Return where the Python of an environment is, unless hosts have that already."""
    asked = [str(environment / "bin" / "python"), "-I", "-c", "import sys; print(sys.base_prefix)"]
    found = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    return () if found == "/usr" else (Path(found),)


def compiled(environment: Path) -> None:
    """See that Python's bytecode is there: hosts cannot write it, and would make it anew in each process."""
    if not list(environment.glob("lib/python3*/site-packages/ray/train/__pycache__")):
        make = [str(environment / "bin" / "python"), "-I", "-m", "compileall", "-q", str(environment / "lib")]
        # Some files are templates, or of other versions of Python.
        subprocess.run(make, capture_output=True, check=False, timeout=900)


def images(hosts: Testbed, engine: str) -> None:
    """Give all hosts the same small image, which has nothing of vLLM."""
    make = (str(ROOT / "tests" / "testbed" / "mkbase"), *PACKAGES)
    with TemporaryFile() as file:
        subprocess.run(make, stdout=file, check=True, timeout=300)
        for each in hosts.hosts:
            file.seek(0)
            load = hosts.argv(each.number, [engine, "import", "-c", 'CMD ["bash"]', "-", IMAGE])
            subprocess.run(load, stdin=file, capture_output=True, check=True, timeout=120)


def furnish(hosts: Testbed, environment: Path) -> None:
    """Give all hosts the managed environment under its name, and the tiny model."""
    program = (ROOT / "src" / "sparkup" / "data" / "tiny_model.py").read_text()
    envs = "/root/.local/share/sparkup/envs"
    for number in (each.number for each in hosts.hosts):
        hosts.exec(number, ["mkdir", "-p", envs])
        hosts.exec(number, ["ln", "-s", str(environment), envs])
        hosts.exec(number, [str(environment / "bin" / "python"), "-I", "-", MODEL], stdin=program)
