"""The real engine: a managed environment, made once in the checkout's cache, for all tests that want it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "data"
NEEDED = 4 << 30  # bytes of disk for the environment and its download


def surroundings(state: Path) -> dict[str, str]:
    """Return the environment for a sparkup of its own state, with the shared managed environment."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("VLLM_")},
        "PYTHONPATH": str(ROOT / "src"),
        "SPARKUP_STATE_DIR": str(state),
        "SPARKUP_DATA_DIR": os.environ.get("SPARKUP_TEST_DATA_DIR", str(CACHE)),
    }


@pytest.fixture(scope="session")
def environment_bin() -> Path:
    """Folder of programs of the managed CPU environment; made here when it is missing."""
    if shutil.disk_usage(ROOT).free < NEEDED and not CACHE.exists():
        pytest.skip(f"the real engine needs {NEEDED >> 30} GiB of free disk")
    made = subprocess.run(
        [sys.executable, "-m", "sparkup", "env", "create", "cpu", "--json"],
        env=surroundings(CACHE.parent / "state"),
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return Path(json.loads(made.stdout)["environments"][0]["folder"]) / "bin"
