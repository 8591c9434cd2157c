"""The log of a rank: bounded on disk, never a reason for the engine to stop."""

from __future__ import annotations

import os
import time

INDEX_EVERY = 5.0  # seconds between two index lines, enough for --since


class Log:
    """Append-only log with one older part; a full disk costs log lines and nothing else."""

    def __init__(self, path: str, limit: int) -> None:
        """Open the log and reserve its first block, so that a full disk is seen before the start."""
        self.path, self.limit, self.lost = path, limit, 0
        self.size, self.indexed, self.complained = 0, 0.0, False
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self.index = os.open(path + ".index", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        os.posix_fallocate(self.file, 0, 65536)
        os.ftruncate(self.file, 0)

    def write(self, data: bytes) -> None:
        """Append output of the engine; what does not fit on the disk is counted."""
        if self.size > self.limit:
            self.rotate()
        now = time.time()
        try:
            if now - self.indexed > INDEX_EVERY:
                os.write(self.index, b"%.3f %d\n" % (now, self.size))
                self.indexed = now
            if self.lost and not self.complained:
                self.complained = True
                self.append(b"\n[sparkup: part of this log was lost: the disk was full]\n")
            self.append(data)
        except OSError:
            self.lost += len(data)
            self.complained = False

    def append(self, data: bytes) -> None:
        """Write all of some bytes."""
        while data:
            written = os.write(self.file, data)
            self.size += written
            data = data[written:]

    def rotate(self) -> None:
        """Keep what was written as the older part and begin anew."""
        os.close(self.file)
        os.close(self.index)
        for name in ("", ".index"):
            os.replace(self.path + name, self.older(self.path) + name)
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self.index = os.open(self.path + ".index", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self.size, self.indexed = 0, 0.0

    @staticmethod
    def older(path: str) -> str:
        """Return the name of the older part."""
        return path + ".1"

    def close(self) -> None:
        """Close both files."""
        os.close(self.file)
        os.close(self.index)
