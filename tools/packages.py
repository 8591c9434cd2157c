"""The system packages that tests with simulated hosts need: installed where that is possible."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SIMHOSTS = Path("tests/testbed/simhosts")
SHOWN_LINES = 5  # of apt's output, when it fails


def provide() -> None:
    """Install what is missing, or say which tests will be skipped and why."""
    missing = lacking()
    if not missing:
        return
    hindrance = obstacle()
    if "not installed" in missing and not hindrance:
        print("installing the packages that simulated hosts need (apt-get)", file=sys.stderr)
        install()
        missing = lacking()
    if missing:
        reasons = "; ".join(filter(None, (missing, hindrance)))
        print(f"tests on simulated hosts will be skipped: {reasons}", file=sys.stderr)


def lacking() -> str:
    """Return what keeps this machine from simulating hosts; empty if nothing does."""
    if not SIMHOSTS.exists():
        return ""
    asked = subprocess.run(
        [SIMHOSTS, "check"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return "; ".join(asked.stderr.splitlines()) if asked.returncode else ""


def obstacle() -> str:
    """Return why we may not install packages here; empty if we may."""
    if sys.platform != "linux":
        return "not Linux"
    if os.geteuid() != 0:
        return "not root, so nothing can be installed"
    return "" if shutil.which("apt-get") else "no apt-get, so nothing can be installed"


def install() -> None:
    """Install the packages; when that fails, once more with fresh package lists."""
    if _runs(SIMHOSTS, "install", quiet=True):
        return
    _runs("apt-get", "update", quiet=True)
    _runs(SIMHOSTS, "install", quiet=False)


def _runs(*argv: str | Path, quiet: bool) -> bool:
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode and not quiet:
        print(*done.stdout.splitlines()[-SHOWN_LINES:], sep="\n", file=sys.stderr)
    return done.returncode == 0
