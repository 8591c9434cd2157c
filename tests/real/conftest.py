"""What tests with the real engine share."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.managed import surroundings


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder of the test's own; whatever still runs under it at the end is stopped."""
    folder = tmp_path / "state"
    yield folder
    if folder.exists():
        subprocess.run(
            [sys.executable, "-m", "sparkup", "stop", "--all"],
            env=surroundings(folder),
            capture_output=True,
            check=True,
            timeout=120,
        )
