"""The real vLLM, on the CPU, in a container of the real docker: ready, asked, stopped, killed inside."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.docked import Docked, docked, make_image
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, booted, sweep
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


@dataclass(frozen=True, slots=True)
class Engine:
    """A user whose host sees the managed environment, and the words of a launch in a container."""

    dock: Docked
    words: tuple[str, ...]

    def running(self) -> list[str]:
        """Return the command lines of vLLM on the host."""
        found = self.dock.there("pgrep", "-af", "bin/vllm serve|^VLLM::", check=False).splitlines()
        return [line for line in found if "pgrep" not in line]


@pytest.fixture
def engine(environment_bin: Path, tmp_path: Path) -> Iterator[Engine]:
    """A host of the test's own, with an image that has nothing of vLLM."""
    skip_unless_able("docker")
    python, model = environment_bin / "python", tmp_path / "tiny model"
    program = ROOT / "src" / "sparkup" / "data" / "tiny_model.py"
    subprocess.run([python, "-I", program, model], check=True, timeout=120)
    mounted = (environment_bin.parent, *_base(python))
    mounts = [word for each in mounted for word in ("-v", f"{each}:{each}:ro")]
    quiet = [word for name, value in QUIET.items() for word in ("-e", f"{name}={value}")]
    command = (str(environment_bin / "vllm"), *serve(str(model))[1:])
    words = ("--engine", "docker", "-t", IMAGE, *mounts, *quiet, "--", *command)
    sweep()
    with booted(Setup(hosts=1, engine="docker", shares=(*mounted, model))) as bed:
        make_image(bed, IMAGE, PACKAGES)
        with docked(bed, tmp_path / "home") as dock:
            yield Engine(dock, words)


def _base(python: Path) -> tuple[Path, ...]:
    """Return where the Python of an environment is, unless the image has that already."""
    asked = [str(python), "-I", "-c", "import sys; print(sys.base_prefix)"]
    base = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    return () if base == "/usr" else (Path(base),)


def test_vllm_itself(engine: Engine) -> None:
    dock = engine.dock
    with dock.running("launch", "--json", *engine.words) as command:
        done = command.done(START)
    assert done.status == 0, done
    ready = done.json["ready"]
    assert (ready["canary"], ready["kv_tokens"] > 0) == ("generate", True)
    assert "weights" in [stage for stage, _ in ready["stages"]]
    assert dock.containers() == ["vllm_node running"]
    row = dock.row()
    assert (row["phase"], row["health"], row["engine"], row["model"]) == ("ready", 200, "docker", "tiny")
    reply = json.loads(dock.there("python3", "-c", ASK, f"{done.json['url']}/v1/completions"))
    assert reply["usage"]["completion_tokens"] == 4
    report = dock.json("stop")["launches"][0]
    assert report["port_free"]
    assert report["processes"] >= 3  # API server, engine core, worker
    assert engine.running() == []
    dock.nothing_is_left()

    with dock.running("launch", *engine.words) as command:
        command.expect("Wait until ready")
        until(lambda: dock.there("sh", "-c", KILL, check=False), "the engine core is there", START)
        done = command.done(120)
    assert done.status == 1, done
    assert "vllm_node ended before it was ready" in done.err
    assert "Engine core initialization failed" in done.err
    assert "because memory ran out" in done.err
    assert engine.running() == []
    dock.nothing_is_left()
