"""The real vLLM, on the CPU, in containers of the real engines: ready, asked, stopped, killed inside."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.docked import Docked, docked, make_image
from tests.docked_fixture import TRIXIE, skip_unless_there
from tests.simhosts.hosts import Setup, Testbed, booted, sweep
from tests.user import ROOT
from tests.waiting import until

from sparkup.actions.try_ import QUIET, serve

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.simhosts, pytest.mark.timeout(1500)]
START = 600.0  # seconds at most: nothing of it is in memory, and others use the machine
IMAGE = "bare:1"
PACKAGES = ("python3", "procps", "libstdc++6", "libnuma1")
KILL = "pkill -KILL -f '^VLLM::EngineCore' && echo killed"
ASK = """import json, sys, urllib.request
body = json.dumps({"model": "tiny", "prompt": "hello", "max_tokens": 4}).encode()
asked = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(asked, timeout=60).read().decode())
"""


BEDS = {"docker 20": ("", "docker"), "docker 26": (TRIXIE, "docker"), "podman": ("", "podman")}
CASES = [
    ("docker 20", ()),
    ("docker 20", ("--non-privileged", "-p", "18000:8000")),
    ("docker 26", ()),
    ("docker 26", ("--non-privileged",)),
    ("docker 26", ("-p", "18000:8000")),
    ("podman", ()),
    ("podman", ("--non-privileged",)),
    ("podman", ("-p", "18000:8000")),
]


@dataclass(frozen=True, slots=True)
class Bed:
    """A host that sees the managed environment and a model, with an image that has nothing of vLLM."""

    hosts: Testbed
    engine: str
    words: tuple[str, ...]  # what mounts both
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """A user of such a host, and the words of a launch in a container."""

    dock: Docked
    words: tuple[str, ...]
    command: tuple[str, ...]

    def running(self) -> list[str]:
        """Return the command lines of vLLM on the host."""
        found = self.dock.there("pgrep", "-af", "bin/vllm serve|^VLLM::", check=False).splitlines()
        return [line for line in found if "pgrep" not in line]


@pytest.fixture(scope="module")
def model(environment_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("models") / "tiny model"
    program = ROOT / "src" / "sparkup" / "data" / "tiny_model.py"
    subprocess.run([environment_bin / "python", "-I", program, folder], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def bed(request: pytest.FixtureRequest, environment_bin: Path, model: Path) -> Iterator[Bed]:
    """A host with one of the engines; one at a time."""
    base, engine = BEDS[request.param]
    skip_unless_there(engine, base)
    mounted = (environment_bin.parent, *_base(environment_bin / "python"))
    mounts = [word for each in mounted for word in ("-v", f"{each}:{each}:ro")]
    quiet = [word for name, value in QUIET.items() for word in ("-e", f"{name}={value}")]
    command = (str(environment_bin / "vllm"), *serve(str(model))[1:])
    sweep()
    with booted(Setup(hosts=1, engine="docker", shares=(*mounted, model), base=base)) as hosts:
        make_image(hosts, IMAGE, PACKAGES, engine=engine)
        yield Bed(hosts, engine, ("--engine", engine, "-t", IMAGE, *mounts, *quiet), command)


@pytest.fixture
def engine(bed: Bed, tmp_path: Path) -> Iterator[Engine]:
    """Somebody who launches there; the host is as empty as before afterwards."""
    with docked(bed.hosts, tmp_path / "home", engine=bed.engine) as dock:
        yield Engine(dock, bed.words, bed.command)


def _base(python: Path) -> tuple[Path, ...]:
    """Return where the Python of an environment is, unless the image has that already."""
    asked = [str(python), "-I", "-c", "import sys; print(sys.base_prefix)"]
    base = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    return () if base == "/usr" else (Path(base),)


@pytest.mark.parametrize(
    ("bed", "options"), CASES, indirect=["bed"], ids=[" ".join((bed, *options)) for bed, options in CASES]
)
def test_it_serves(engine: Engine, options: tuple[str, ...]) -> None:
    dock = engine.dock
    with dock.running("launch", "--json", *engine.words, *options, "--", *engine.command) as command:
        done = command.done(START)
    assert done.status == 0, done
    ready = done.json["ready"]
    assert (ready["canary"], ready["kv_tokens"] > 0) == ("generate", True)
    assert "weights" in [stage for stage, _ in ready["stages"]]
    assert done.json["url"] == f"http://127.0.0.1:{18000 if '-p' in options else 8000}"
    assert dock.containers() == ["vllm_node running"]
    row = dock.row()
    found = (row["phase"], row["health"], row["engine"], row["model"])
    assert found == ("ready", 200, dock.engine, "tiny")
    reply = json.loads(dock.there("python3", "-c", ASK, f"{done.json['url']}/v1/completions"))
    assert reply["usage"]["completion_tokens"] == 4
    report = dock.json("stop")["launches"][0]
    assert report["port_free"]
    assert report["processes"] >= 3  # API server, engine core, worker
    assert engine.running() == []
    dock.nothing_is_left()


@pytest.mark.parametrize("bed", ["docker 20", "podman"], indirect=True)
def test_its_engine_is_killed_in_the_start(engine: Engine) -> None:
    dock = engine.dock
    with dock.running("launch", *engine.words, "--", *engine.command) as command:
        command.expect("Wait until ready")
        until(lambda: dock.there("sh", "-c", KILL, check=False), "the engine core is there", START)
        done = command.done(120)
    assert done.status == 1, done
    assert "vllm_node ended before it was ready" in done.err
    assert "Engine core initialization failed" in done.err
    assert "because memory ran out" in done.err
    assert engine.running() == []
    dock.nothing_is_left()
