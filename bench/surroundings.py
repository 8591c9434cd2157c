"""Where a measurement runs: state folders of its own, and the programs it compares with."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"
MODULE = (sys.executable, "-m", "sparkup")


@contextmanager
def own_state() -> Iterator[dict[str, str]]:
    """Give an environment whose launches are nobody else's, and stop what is left of them."""
    with tempfile.TemporaryDirectory(prefix="sparkup-bench-") as folder:
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "SPARKUP_STATE_DIR": f"{folder}/state",
               "SPARKUP_DATA_DIR": f"{folder}/data"}  # fmt: skip
        try:
            yield env
        finally:
            quietly((*MODULE, "stop", "--all"), env)


def quietly(argv: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run a command that must succeed, without its output."""
    subprocess.run(argv, env=env, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)


def sparkrun() -> tuple[str, ...] | None:
    """Return the command of the peer we compare with, installed on first use; None where it cannot be.

    It needs Python 3.12, ours runs with whatever started us.
    """
    folder = CACHE / "sparkrun"
    program = folder / "bin" / "sparkrun"
    for python in newer_pythons():
        if program.exists():
            break
        if subprocess.run(
            (python, "-m", "venv", "--clear", str(folder)), check=False, capture_output=True
        ).returncode:
            continue
        install = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "sparkrun")
        subprocess.run(install, check=False, capture_output=True, timeout=600)
    return (str(program),) if program.exists() else None


def newer_pythons() -> Iterator[str]:
    """Yield Pythons from 3.12 on, of the PATH and of pyenv; some may be shims that do not work."""
    for minor in (12, 13, 14):
        yield from filter(None, [shutil.which(f"python3.{minor}")])
        yield from map(str, sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")))
