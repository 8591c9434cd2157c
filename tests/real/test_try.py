"""`sparkup try` with the real engine: an answer, figures, and nothing left."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.managed import surroundings
from tests.processes import touching
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
TRY = [sys.executable, "-m", "sparkup", "try"]
BUSY = 400.0  # seconds for a start on a loaded machine


def left_of(state: Path) -> list[int]:
    """Return processes that belong to launches of a state folder."""
    return touching(state / "launches", f"--root {state}")


def test_it_answers_and_leaves_nothing(environment_bin: Path, state: Path) -> None:
    assert environment_bin.is_dir()
    done = subprocess.run(
        [*TRY, "--json"], env=surroundings(state), capture_output=True, text=True, check=False, timeout=BUSY
    )
    assert done.returncode == 0, done.stderr
    tried = json.loads(done.stdout)
    assert tried["answer"]
    assert 0 < tried["tokens"] <= 32
    assert 0 < tried["first_token"] <= tried["seconds"]
    assert tried["set_up_seconds"] < 20  # the environment was there
    ready = tried["ready"]
    stages = [name for name, _ in ready["stages"]]
    assert stages[:2] == ["python", "resolve"]
    assert "weights" in stages
    assert ready["kv_tokens"] > 0
    assert ready["canary"] == "generate"
    assert sum(seconds for _, seconds in ready["stages"]) == pytest.approx(ready["seconds"], abs=1)
    assert tried["stopped"]["port_free"]
    assert tried["stopped"]["processes"] >= 3  # API server, engine core, worker
    assert list((state / "launches").iterdir()) == []
    assert touching(state) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_broken_off_in_the_middle_it_leaves_nothing(
    environment_bin: Path, state: Path, number: signal.Signals
) -> None:
    assert environment_bin.is_dir()
    running = subprocess.Popen(
        [*TRY, "--progress", "json"], env=surroundings(state), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if json.loads(line).get("stage") == "resolve":
            break
    begun = time.monotonic()
    running.send_signal(number)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert time.monotonic() - begun < 45
    until(lambda: touching(state) == [], "all processes of the launch to be gone")
    assert list((state / "launches").iterdir()) == []
