"""The log of a rank: bounded on disk, never a reason for the engine to stop."""

from __future__ import annotations

import contextlib
import os
import select
import time

from . import state

LOG_LIMIT = 256 << 20  # bytes, then a new part is begun and the one before the last is dropped
COPY_PATIENCE = 1.0  # seconds for whoever gets a copy, which is an engine that may hang
INDEX_EVERY = 1.0  # seconds between two index lines, for --since and to merge logs of several ranks


class Log:
    """Append-only log with one older part; a full disk costs log lines and nothing else."""

    def __init__(self, path: str, limit: int, copy: int | None = None) -> None:
        """Open the log and reserve its first block, so that a full disk is seen before the start.

        `copy` is a stream that gets all of it as well, but for what it does not take in time.
        """
        self.path, self.limit, self.copy, self.lost = path, limit, copy, 0
        self.before, self.size = 0, 0  # bytes in earlier parts, in this one
        self.indexed, self.complained, self.copy_hangs = 0.0, False, False
        if copy is not None:
            os.set_blocking(copy, False)
        self.file, self.index = opened(path, 0)
        os.posix_fallocate(self.file, 0, 65536)
        os.ftruncate(self.file, 0)

    def write(self, data: bytes) -> None:
        """Append output of the engine; what does not fit on the disk is counted."""
        if self.copy is not None:
            self.pass_on(self.copy, data)
        begun = self.size
        try:
            if self.size > self.limit:
                self.rotate()
            self.note()
            begun = self.size
            self.append(data)
        except OSError:
            self.lost += len(data) - max(0, self.size - begun)
            self.complained = False

    def pass_on(self, copy: int, data: bytes) -> None:
        """Write to the copy; one that has hung for a second is only tried from then on."""
        with contextlib.suppress(OSError):
            while data:
                patience = 0.0 if self.copy_hangs else COPY_PATIENCE
                self.copy_hangs = not select.select([], [copy], [], patience)[1]
                if self.copy_hangs:
                    return
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(copy, data) :]

    def note(self) -> None:
        """Write what is not of the engine: when it was, and that something is missing."""
        now = time.time()
        if now - self.indexed > INDEX_EVERY:
            os.write(self.index, b"%.3f %d\n" % (now, self.size))
            self.indexed = now
        if self.lost and not self.complained:
            self.append(b"\n[sparkup: part of this log was lost: the disk was full]\n")
            self.complained = True

    def append(self, data: bytes) -> None:
        """Write all of some bytes."""
        while data:
            written = os.write(self.file, data)
            self.size += written
            data = data[written:]

    def rotate(self) -> None:
        """Keep what was written as the older part and begin anew; raises OSError with all as it was."""
        new, older = self.path + ".new", self.older(self.path)
        files = opened(new, self.before + self.size)  # first: a disk may have no room for further files
        for name in ("", ".index"):
            os.replace(self.path + name, older + name)
            os.replace(new + name, self.path + name)
        self.close()
        self.file, self.index = files
        self.before, self.size, self.indexed = self.before + self.size, 0, 0.0

    @staticmethod
    def older(path: str) -> str:
        """Return the name of the older part."""
        return path + ".1"

    def close(self) -> None:
        """Close both files."""
        os.close(self.file)
        os.close(self.index)


def opened(path: str, before: int) -> tuple[int, int]:
    """Open an empty log and its index, both or none.

    The index begins with how many bytes there were before this part, and of which file it is.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC
    file = state.opened(path, flags)
    try:
        index = state.opened(path + ".index", flags)
        for each in (file, index):
            state.give(each, os.path.dirname(path))
        os.write(index, b"%.3f 0 %d %d\n" % (time.time(), before, os.fstat(file).st_ino))
    except OSError:
        os.close(file)
        os.unlink(path)
        raise
    return file, index
