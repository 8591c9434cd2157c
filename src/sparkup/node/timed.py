"""Copy a log as JSON lines that say when each was written, for whoever merges the logs of several ranks.

First `{"rank", "attempt", "nodes", "exit"}`; then a line each `{"at", "line"}`, in seconds after the epoch
by our clock; `{"live": true}` once, when all is told that was there. Bytes that are no UTF-8 are lone
surrogates.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import IO

from . import logs, state, tail
from .log import INDEX_EVERY
from .watch import Hangup


def main(root: str, name: str, wanted: logs.Wanted, attempt: str) -> int:
    """Copy the log of a launch; 69 where there is none, or none of that attempt."""
    folder = logs.find(root, name, attempt)
    if not os.path.exists(folder):
        sys.stderr.write("no launch %s was ever here\n" % name)
        return logs.NONE
    spec = state.read(os.path.join(folder, "spec.json")) or {}
    head = {member: spec.get(member) for member in ("rank", "attempt", "nodes")}
    path = os.path.join(folder, "log")
    try:
        put({**head, "exit": state.read(os.path.join(folder, "exit.json"))})
        grow(folder, Timed(logs.begin(folder, path, wanted)), follow=wanted.follow)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    return 0


def put(value: state.Json) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(value) + "\n")


class Timed:
    """Cuts a log into lines and finds out when each began."""

    def __init__(self, source: tail.Tail) -> None:
        self.source, self.clock = source, Clock(source.path)
        self.rest, self.begun = b"", 0.0  # of a line whose end is not there yet, and when it began
        self.live = False  # all was read that had been there: what comes now is new

    def copy(self) -> bool:
        """Tell all complete lines that there are; say whether there was anything."""
        data = self.source.read()
        found = bool(data)
        while data:
            self.feed(data, max(0, self.source.offset - len(data)))
            data = self.source.read()
        return found

    def feed(self, data: bytes, offset: int) -> None:
        """Take bytes that begin at an offset of the part that is read."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            at = self.begun if self.rest else self.at(offset)
            self.tell(at, self.rest + line)
            self.rest = b""
            offset += len(line) + 1
        if rest and not self.rest:
            self.begun = self.at(offset)
        self.rest += rest

    def at(self, offset: int) -> float:
        """Return when the byte at an offset was written."""
        return (
            time.time() if self.live or self.source.file is None else self.clock.at(self.source.file, offset)
        )

    def end(self) -> None:
        """Tell a last line that has no end."""
        if self.rest:
            self.tell(self.begun, self.rest)
            self.rest = b""

    @staticmethod
    def tell(at: float, line: bytes) -> None:
        """Write one line of the log."""
        put({"at": round(at, 3), "line": line.decode("utf-8", "surrogateescape")})


class Clock:
    """When the bytes of a log were written, by the index beside each of its parts, read once and forwards."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.part = -1  # inode of the part whose index is open
        self.index: IO[bytes] | None = None
        self.before: tuple[float, int] = (0.0, 0)  # the entry before where we are
        self.after: tuple[float, int] | None = None

    def at(self, file: int, offset: int) -> float:
        """Return when the byte at an offset of a part was written."""
        status = os.fstat(file)
        if status.st_ino != self.part:
            self.open(status.st_ino)
        if self.index is None:
            return status.st_mtime
        while self.after is None or self.after[1] <= offset:
            entry = self.entry()
            if entry is None:
                break
            if self.after is not None:
                self.before = self.after
            self.after = entry
        begun, start = self.before
        ended, end = self.after or (status.st_mtime, status.st_size)
        if end <= offset:
            begun, start, ended, end = ended, end, status.st_mtime, status.st_size
        # What is written later than that after an entry has one of its own.
        span = max(0.0, min(ended - begun, INDEX_EVERY))
        return float(begun + span * (offset - start) / max(1, end - start))

    def open(self, part: int) -> None:
        """Open the index of a part; it may be that of the older one, or have gone."""
        self.part, self.index, self.before, self.after = part, None, (0.0, 0), None
        for path in tail.parts(self.path):
            try:
                index = os.fdopen(state.opened(path + ".index"), "rb")  # it is read as the log is
                at, _, _, inode = index.readline().split()
            except (OSError, ValueError):
                continue
            if int(inode) == part:
                self.index, self.before = index, (float(at), 0)
                return
            index.close()

    def entry(self) -> tuple[float, int] | None:
        """Return the next entry, None where there is none yet."""
        if self.index is None:
            return None
        place = self.index.tell()
        line = self.index.readline()
        if not line.endswith(b"\n"):  # a half one
            self.index.seek(place)
            return None
        at, offset = line.split()[:2]
        return float(at), int(offset)


def grow(folder: str, source: Timed, *, follow: bool) -> None:
    """Copy to the end; when following, until the launch has ended or the caller hangs up."""
    hangup = Hangup()
    while True:
        lives = state.lives(state.read(os.path.join(folder, "rank.json")))
        copied = source.copy()
        if not source.live:
            source.live = True
            put({"live": True})
        sys.stdout.flush()
        if not follow or (not lives and not copied) or hangup.wait(logs.BUSY if copied else logs.PAUSE):
            source.end()
            sys.stdout.flush()
            return
