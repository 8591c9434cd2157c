"""A launch of the real engine: ready, asked, seen by others, killed inside, stopped."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.managed import surroundings
from tests.processes import command, touching
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
SERVE = ["--served-model-name", "tiny", "--dtype", "float32", "--enforce-eager", "--max-model-len", "512",
         "--max-num-seqs", "4", "--kv-cache-memory-bytes", "67108864"]  # fmt: skip


def sparkup(state: Path, *words: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sparkup", *words],
        env=surroundings(state), capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip


@pytest.fixture
def model(environment_bin: Path, tmp_path: Path) -> Path:
    """A tiny model in a folder with a space in its name."""
    program = Path(__file__).parents[2] / "src" / "sparkup" / "data" / "tiny_model.py"
    folder = tmp_path / "tiny model"
    subprocess.run([environment_bin / "python", program, folder], check=True, timeout=120)
    return folder


def test_a_launch_serves_and_an_engine_that_dies_is_a_failure(state: Path, model: Path) -> None:
    started = sparkup(
        state, "launch", "--json", "-e", "HF_HUB_OFFLINE=1", "-e", "VLLM_NO_USAGE_STATS=1", "--",
        "vllm", "serve", str(model), *SERVE, "--api-key", "not-to-be-seen",
        "--override-generation-config", '{"temperature": 0.0}',
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    launched = json.loads(started.stdout)
    assert launched["ready"]["kv_tokens"] > 0
    assert launched["needs_key"]
    assert '{"temperature": 0.0}' in launched["argv"]
    assert all("not-to-be-seen" not in command(pid) for pid in touching(state))

    request = urllib.request.Request(
        f"{launched['url']}/v1/models", headers={"Authorization": "Bearer not-to-be-seen"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        assert json.load(reply)["data"][0]["id"] == "tiny"

    status = json.loads(sparkup(state, "status", "--json").stdout)["launches"][0]
    assert (status["phase"], status["health"], status["model"]) == ("ready", 200, "tiny")
    assert "Application startup complete" in sparkup(state, "logs").stdout

    core = next(pid for pid in touching(state) if "EngineCore" in command(pid))
    os.kill(core, signal.SIGKILL)
    until(lambda: phase(state) == "failed", "the death of the engine to be seen", 60)
    stopped = json.loads(sparkup(state, "stop", "--json").stdout)["launches"][0]
    assert stopped["port_free"]
    assert touching(state) == []
    assert "not-to-be-seen" not in "".join(
        path.read_text(errors="replace") for path in state.rglob("*.json*")
    )


def phase(state: Path) -> str:
    """Return the phase of the only launch."""
    found: str = json.loads(sparkup(state, "status", "--json").stdout)["launches"][0]["phase"]
    return found
