"""The Pythons of this machine that tests run programs for hosts with."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

OLDEST = "3.8"
QUESTION = "import sys; print('%d.%d' % sys.version_info[:2])"


@cache
def oldest() -> str:
    """Return the path of the oldest Python that node/ promises to run on, "" for none."""
    versions = Path("~/.pyenv/versions").expanduser()
    known = [str(path) for path in sorted(versions.glob(f"{OLDEST}*/bin/python{OLDEST}"))]
    found = shutil.which(f"python{OLDEST}")
    candidates = [*known, *([found] if found else [])]
    return next((path for path in candidates if _version(path) == OLDEST), "")


def _version(path: str) -> str:
    done = subprocess.run([path, "-c", QUESTION], capture_output=True, text=True, check=False)
    return done.stdout.strip()
