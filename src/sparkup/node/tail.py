"""Read a log that grows and turns over while it is read."""

from __future__ import annotations

import os

from . import state
from .log import Log

CHUNK = 1 << 20
MISSED = b"\n[sparkup: %d bytes of this log are gone: it grew faster than it was read]\n"


class Tail:
    """Yields what a log has gained since the last look; `offset` counts bytes of the part that is read."""

    def __init__(self, path: str, offset: int = 0, part: str = "") -> None:
        self.path, self.part, self.offset = path, part or path, offset
        self.file: int | None = None
        self.before: int | None = None  # bytes in the parts before the one that is read, where that is known

    def read(self, most: int = CHUNK) -> bytes:
        """Return new bytes, at most so many; nothing when there is nothing new."""
        file = self.file if self.file is not None else self.open()
        if file is None:
            return b""
        data = os.read(file, most)
        if not data and self.turned_over(file):
            data = os.read(file, most)  # it may have grown between the two looks
            if not data:
                return self.go_on(most)
        self.offset += len(data)
        return data

    def open(self) -> int | None:
        """Open the part to begin with and go to where we were; None when there is no log yet."""
        try:
            self.file = state.opened(self.part)
        except OSError:
            return None
        self.before = before(self.part, self.file)
        os.lseek(self.file, self.offset, os.SEEK_SET)
        return self.file

    def go_on(self, most: int) -> bytes:
        """Read the part after this one, or say how much is gone that was between."""
        missed = 0
        for path in parts(self.path) if self.before is not None else [self.path]:
            try:
                file = state.opened(path)
            except OSError:
                return b""
            begins = before(path, file)
            if self.before is not None:
                missed = (-1 if begins is None else begins) - self.before - self.offset
            if missed < 0:  # the part we have read, or one that is just being put there
                os.close(file)
                continue
            self.close()
            self.file, self.before, self.offset = file, begins, 0
            return MISSED % missed if missed else self.read(most)
        return b""

    def turned_over(self, file: int) -> bool:
        """Say whether the log was begun anew (or put away) since we opened it."""
        try:
            return not os.path.samestat(os.fstat(file), os.stat(self.path))
        except OSError:
            return False

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            os.close(self.file)
            self.file = None


class Lines:
    """Cuts bytes into lines; a progress bar's carriage returns end lines too."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are complete now."""
        whole = (self.rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self.rest = whole.split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines if line]


def start_of_last(path: str, count: int) -> tuple[int, int]:
    """Return the offset at which the last `count` lines of a file begin, and how many there are."""
    found = b""
    with os.fdopen(state.opened(path), "rb") as file:
        size = position = os.fstat(file.fileno()).st_size
        while position > 0 and found.count(b"\n") <= count:
            step = min(position, 1 << 16)
            position -= step
            file.seek(position)
            found = file.read(step) + found
    lines = [line + b"\n" for line in found.split(b"\n")]  # not splitlines: a bar of progress is one line
    lines[-1] = lines[-1][:-1]
    chosen = [line for line in lines if line][-count:] if count else []
    return size - sum(map(len, chosen)), len(chosen)


def start_of_time(path: str, since: float) -> int | None:
    """Return the offset that a part's index gives for a time, in seconds after the epoch.

    None: the part begins later, or has no index.
    """
    best = None
    try:
        with os.fdopen(state.opened(path + ".index"), "rb") as file:
            for line in file:
                at, offset = line.split()[:2]
                if float(at) > since:
                    break
                best = int(offset)
            else:
                if best is not None and state.is_file(path):
                    best = min(best, os.lstat(path).st_size)
    except (OSError, ValueError):
        return None
    return best


def before(path: str, file: int) -> int | None:
    """Return how many bytes a log had before a part of it, as the index says; None: not that of this file."""
    try:
        with os.fdopen(state.opened(path + ".index"), "rb") as index:
            _, _, count, inode = index.readline().split()
            return int(count) if int(inode) == os.fstat(file).st_ino else None
    except (OSError, ValueError):
        return None


def parts(path: str) -> list[str]:
    """Return the files of a log, the older first."""
    return [name for name in (Log.older(path), path) if state.is_file(name)]
