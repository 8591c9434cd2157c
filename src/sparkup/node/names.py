"""Who holds the name of a launch on this host: its folder is the lock, and one at a time changes hands."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from typing import Iterator

from . import state

BEGINNING = 30.0  # seconds that a start may take from the folder to the process


@contextlib.contextmanager
def alone(root: str) -> Iterator[None]:
    """Keep others from taking names or putting launches away meanwhile; the kernel ends it when we die."""
    os.makedirs(root, exist_ok=True)
    file = os.open(os.path.join(root, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def take(root: str, name: str) -> state.Json | None:
    """Make the launch's folder. Return who holds the name, None when it is ours.

    A launch that has ended is moved away, to be looked at until the next one of its name ends.
    """
    folder, past = state.folder(root, name), state.folder(root, name, past=True)
    with alone(root):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        if os.path.exists(folder):
            if busy(folder):
                return state.read(os.path.join(folder, "spec.json")) or {}
            bury(folder, past)
        os.mkdir(folder)
    return None


def busy(folder: str) -> bool:
    """Say whether a launch still runs, or is just being started by somebody else."""
    rank = state.read(os.path.join(folder, "rank.json"))
    if rank is None:
        with contextlib.suppress(OSError):
            return time.time() - os.stat(folder).st_mtime < BEGINNING
        return False
    spec = state.read(os.path.join(folder, "spec.json")) or {}
    return state.lives(rank) or bool(state.marked(spec.get("attempt", "-")))


def give_up(root: str, name: str, attempt: str) -> None:
    """Put an ended launch away, unless its name has gone to another attempt meanwhile."""
    folder = state.folder(root, name)
    with alone(root):
        spec = state.read(os.path.join(folder, "spec.json")) or {}
        if spec.get("attempt") == attempt:
            bury(folder, state.folder(root, name, past=True))


def bury(folder: str, past: str) -> None:
    """Move an ended launch to where its log can still be read."""
    os.makedirs(os.path.dirname(past), exist_ok=True)
    shutil.rmtree(past, ignore_errors=True)
    os.rename(folder, past)
