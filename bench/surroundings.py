"""Where a measurement runs: folders of its own, and launches that nobody else sees."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"
MODULE = (sys.executable, "-m", "sparkup")
LIMIT = 300.0  # seconds for one command


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of one measurement, and the environment in which sparkup keeps its state there."""

    folder: Path
    env: Mapping[str, str]

    def run(self, *argv: str) -> str:
        """Run a command that must succeed; return what it printed."""
        done = subprocess.run(
            argv, env=self.env, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT
        )
        return done.stdout.decode()

    def sparkup(self, *words: str) -> str:
        """Run sparkup as a module."""
        return self.run(*MODULE, *words)


def plain_environment() -> dict[str, str]:
    """Return our environment without what changes how Python starts (PYTHONDONTWRITEBYTECODE and so on)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@contextmanager
def own_place() -> Iterator[Place]:
    """Make a place, and stop what is left of its launches at the end."""
    with tempfile.TemporaryDirectory(prefix="sparkup-bench-") as name:
        folder = Path(name)
        env = {
            **plain_environment(),
            "PYTHONPATH": str(ROOT / "src"),
            "SPARKUP_STATE_DIR": f"{folder}/state",
            "SPARKUP_DATA_DIR": f"{folder}/data",
            "XDG_RUNTIME_DIR": name,  # for the sockets of SSH
        }
        place = Place(folder, env)
        try:
            yield place
        finally:
            place.sparkup("stop", "--all")


def output_of(argv: Sequence[str], limit: float = LIMIT) -> tuple[bool, str]:
    """Run a command that may fail; return whether it succeeded, and the last line that it printed."""
    try:
        done = subprocess.run(
            argv, env=plain_environment(), check=False, stdin=subprocess.DEVNULL, timeout=limit,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    lines = done.stdout.decode(errors="replace").splitlines()
    return done.returncode == 0, lines[-1] if lines else f"exit status {done.returncode}"
