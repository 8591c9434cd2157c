"""Copy the log of a launch to standard output, and go on as it grows."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NamedTuple

from . import look, state, tail
from .log import Log
from .watch import Hangup

PAUSE, BUSY = 0.1, 0.01  # seconds between two looks: at a log that rests, at one that has just grown
NONE = 69  # exit status: there is no such launch, nor was there one


class Wanted(NamedTuple):
    """What of a log: from a time (seconds after the epoch), its last lines, since it was ready, or all."""

    follow: bool = False
    since: float | None = None
    last: int | None = None
    ready: bool = False


def main(root: str, name: str, wanted: Wanted, attempt: str = "") -> int:
    """Copy a log."""
    folder = find(root, name, attempt)
    if not os.path.exists(folder):
        sys.stderr.write(f"no launch {name} was ever here\n")
        return NONE
    path = os.path.join(folder, "log")
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        grow(folder, begin(folder, path, wanted), follow=wanted.follow)
        sys.stdout.flush()
    return 0


def find(root: str, name: str, attempt: str = "") -> str:
    """Return the folder of the launch that has the name, or had it last; "" where neither is that attempt."""
    folders = [state.folder(root, name), state.folder(root, name, past=True)]
    if attempt:
        specs = ((each, state.read(os.path.join(each, "spec.json")) or {}) for each in folders)
        return next((each for each, spec in specs if spec.get("attempt") == attempt), "")
    return folders[0] if os.path.exists(folders[0]) else folders[1]


def begin(folder: str, path: str, wanted: Wanted) -> tail.Tail:
    """Return what reads a log from where it is wanted; an older part leads to the newest by itself."""
    older = Log.older(path)
    there = state.is_file(older)
    if wanted.ready:
        verdict = look.last(folder) or {}
        return tail.Tail(path, min(int(verdict.get("offset", 0)), size(path)))
    if wanted.last is not None:
        offset, found = tail.start_of_last(path, wanted.last) if size(path) else (0, 0)
        if found >= wanted.last or not there:
            return tail.Tail(path, offset)
        return tail.Tail(path, tail.start_of_last(older, wanted.last - found)[0], older)
    start = None if wanted.since is None else tail.start_of_time(path, wanted.since)
    if start is not None or not there:
        return tail.Tail(path, start or 0)
    return tail.Tail(path, tail.start_of_time(older, wanted.since or 0) or 0, older)


def size(path: str) -> int:
    """Return the size of a file, 0 for none."""
    return os.lstat(path).st_size if state.is_file(path) else 0


def copy(source: tail.Tail) -> bool:
    """Copy what there is; say whether there was anything."""
    data = source.read()
    found = bool(data)
    while data:
        sys.stdout.buffer.write(data)
        data = source.read()
    return found


def grow(folder: str, source: tail.Tail, *, follow: bool) -> None:
    """Copy to the end; when following, until the launch has ended or the caller hangs up."""
    hangup = Hangup()
    while True:
        lives = state.lives(state.read(os.path.join(folder, "rank.json")))
        copied = copy(source)
        sys.stdout.flush()
        if not follow or (not lives and not copied) or hangup.wait(BUSY if copied else PAUSE):
            return
