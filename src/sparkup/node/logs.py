"""Copy the log of a launch to standard output, and go on as it grows."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Optional

from . import state, tail
from .watch import Hangup

PAUSE = 0.1  # seconds


def main(root: str, name: str, follow: bool, since: Optional[float], last: Optional[int], ready: bool) -> int:
    """Copy a log: all of it, from a time, its last lines, or from when the launch was ready."""
    folder = find(root, name)
    path = os.path.join(folder, "log")
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        offset = begin(folder, path, since, last, ready)
        grow(folder, tail.Tail(path, offset), follow)
        sys.stdout.flush()
    return 0


def find(root: str, name: str) -> str:
    """Return the folder of the launch that has the name, or had it last."""
    folder = state.folder(root, name)
    return folder if os.path.exists(folder) else state.folder(root, name, past=True)


def begin(folder: str, path: str, since: Optional[float], last: Optional[int], ready: bool) -> int:
    """Copy what is wanted of the older part; return where to begin in the newest."""
    if ready:
        verdict = state.read(os.path.join(folder, "ready.json")) or {}
        return min(int(verdict.get("offset", 0)), size(path))
    if last is not None:
        return tail.start_of_last(path, last) if os.path.exists(path) else 0
    for part in tail.parts(path)[:-1]:
        copy(tail.Tail(part, tail.start_of_time(part, since) if since is not None else 0))
    return tail.start_of_time(path, since) if since is not None else 0


def size(path: str) -> int:
    """Return the size of a file, 0 for none."""
    return os.path.getsize(path) if os.path.exists(path) else 0


def copy(source: tail.Tail) -> bool:
    """Copy what there is; say whether there was anything."""
    data = source.read()
    found = bool(data)
    while data:
        sys.stdout.buffer.write(data)
        data = source.read()
    return found


def grow(folder: str, source: tail.Tail, follow: bool) -> None:
    """Copy to the end; when following, until the launch has ended or the caller hangs up."""
    hangup = Hangup()
    while True:
        lives = state.lives(state.read(os.path.join(folder, "rank.json")))
        copied = copy(source)
        sys.stdout.flush()
        if not follow or (not lives and not copied) or hangup.wait(0 if copied else PAUSE):
            return
