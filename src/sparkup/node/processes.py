"""The processes of a rank: what they are started from, and in which order."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from typing import Callable, NamedTuple

from . import state
from .peers import KEY

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
# What keeps a process from being started; ValueError is a NUL in an argument.
FAILED = (OSError, ValueError, subprocess.SubprocessError)


def prctl(option: int, value: int) -> None:
    """Call prctl(2); without it (no libc to load) we only lose comfort."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def raw(text: str) -> bytes:
    """Return text as it was sent, whatever the locale of this login is."""
    return text.encode("utf-8", "surrogateescape")


def child_environment(spec: state.Json, secrets: dict[str, str]) -> dict[bytes, bytes]:
    """Return the environment of the rank: the login's, then what the launch says."""
    env = dict(os.environb)
    ours = dict(spec["env"], **secrets)
    ours[state.MARK] = spec["attempt"]
    ours["SPT_NOENV"] = "1"  # setproctitle must not overwrite the environment that marks our processes
    if spec.get("bin"):
        ours["VIRTUAL_ENV"] = os.path.dirname(spec["bin"])
    env.update({raw(name): raw(value) for name, value in ours.items()})
    env.pop(raw(KEY), None)
    if spec.get("bin"):
        env[b"PATH"] = raw(spec["bin"]) + b":" + env.get(b"PATH", raw(os.defpath))
    return env


class Place(NamedTuple):
    """Where a supervisor works: its launch's folder, what its identity is called there, and what its
    first process is to do before it becomes the rank."""

    folder: str
    identity: str
    enter: Callable[[], None]


class Processes:
    """The processes that a rank is, one after the other; the last one is its command."""

    def __init__(self, place: Place, spec: state.Json, secrets: dict[str, str], output: int) -> None:
        self.place, self.spec, self.output = place, spec, output
        self.env = child_environment(spec, secrets)
        self.left = [*awaited(spec), *spec.get("first", ()), spec["argv"]]

    def lacks(self) -> str:
        """Return which program of those to come later is not there, "" for none: nobody is to wait for it."""
        folders = os.fsdecode(self.env.get(b"PATH", raw(os.defpath))).split(os.pathsep)
        names = [argv[0] for argv in self.left[1:] if "/" not in argv[0]]

        def there(name: str) -> bool:
            return any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders)

        return next((name for name in names if not there(name)), "")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the next; raises OSError, or ValueError for what cannot be an argument."""

        def before() -> None:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            self.place.enter()

        child = started(self.left.pop(0), self.spec, self.env, self.output, before)
        if not self.left:
            os.close(self.output)
        return child

    def note(self, child: subprocess.Popen[bytes]) -> state.Json:
        """Write down who we and the process are, and return it; raises OSError."""
        rank = state.identity(os.getpid(), child.pid)
        state.write(os.path.join(self.place.folder, self.place.identity), rank)
        return rank


def awaited(spec: state.Json) -> list[list[str]]:
    """Return what waits for the host that a rank must find."""
    if not spec.get("awaits"):
        return []
    address, port = spec["awaits"]
    return [[sys.executable, "-I", sys.argv[0], "await", "%s:%d" % (address, port)]]


def started(
    argv: list[str], spec: state.Json, env: dict[bytes, bytes], output: int, before: Callable[[], None]
) -> subprocess.Popen[bytes]:
    """Start a process of a rank."""
    return subprocess.Popen(
        [raw(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=env,
        cwd=raw(spec.get("cwd") or "") or env.get(b"HOME") or b"/",
        start_new_session=True,
        preexec_fn=before,  # noqa: PLW1509 - no thread yet but that of the beats, which waits (beating.py)
    )
