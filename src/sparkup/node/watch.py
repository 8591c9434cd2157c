"""Follow one launch as JSON lines: its log, its health, its canary, its end.

{"log": [lines]} · {"look": {...}} (the judge's, see ready.py) · {"read": bytes} · {"exit": {...}}
Ends with the launch, or when standard input does: that is how a caller over SSH hangs up.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time

from . import look, state
from .lease import renew
from .tail import CHUNK, Lines, Tail

PAUSE = 0.1  # seconds between two looks at the log
EVERY = 2.0  # seconds between two looks at what was read from disk
LOG_BATCH = 500  # lines a record


class Hangup:
    """Says whether whoever started us has closed our standard input."""

    def __init__(self) -> None:
        self.happened = False
        self.heard = time.monotonic()  # when the caller last gave a sign of life

    def wait(self, seconds: float) -> bool:
        """Sleep so long, or until the caller hangs up or knocks."""
        if select.select([0], [], [], seconds)[0]:
            self.happened = not os.read(0, 4096)
            self.heard = time.monotonic()
        return self.happened


class Watch:
    """One launch, watched until it ends."""

    def __init__(self, folder: str, spec: state.Json) -> None:
        self.folder, self.spec = folder, spec
        self.tail, self.lines = Tail(os.path.join(folder, "log")), Lines()
        self.last_look: state.Json | None = None
        self.read_bytes, self.next_read = 0, 0.0
        self.renewed = 0.0

    def run(self) -> None:
        """Emit records until the end."""
        hangup = Hangup()
        while not hangup.happened:
            self.renew(hangup.heard)
            lives = state.lives(state.read(os.path.join(self.folder, "rank.json")))
            told = self.tell()
            if not lives and not told:
                break
            self.note_reads()
            hangup.wait(0 if told else PAUSE)
        if not hangup.happened:
            self.emit_lines(self.lines.feed(b"\n"))  # a last line may have no end: often it says why
            emit({"exit": how_it_ended(self.folder, self.spec["attempt"])})

    def renew(self, heard: float) -> None:
        """Renew the lease of a start that ends without its launcher, each time it was heard of."""
        if self.spec.get("lease") and heard > self.renewed:
            self.renewed = heard
            renew(self.folder)

    def tell(self) -> bool:
        """Emit what is new, of the log and then of the judge's looks; say whether there was anything.

        Of a launch that has become ready the log comes up to there first: who follows it from
        there (`logs --from-ready`) misses nothing and gets nothing twice.
        """
        found = look.last(self.folder)
        if found is None or found == self.last_look:
            return self.copy_log()
        if found["state"] == look.READY:
            while self.copy_log(min(CHUNK, int(found.get("offset", 0)) - self.tail.offset)):
                pass
        else:
            self.copy_log()
        self.last_look = found
        emit({"look": found})
        return True

    def copy_log(self, most: int = CHUNK) -> bool:
        """Emit what the log has gained; say whether there was anything."""
        data = self.tail.read(most) if most > 0 else b""
        self.emit_lines(self.lines.feed(data))
        return bool(data)

    def emit_lines(self, lines: list[str]) -> None:
        """Emit lines of the log, in batches."""
        for index in range(0, len(lines), LOG_BATCH):
            emit({"log": lines[index : index + LOG_BATCH]})

    def note_reads(self) -> None:
        """Emit how many bytes the rank's processes have read from disk, when it grew."""
        ready = self.last_look is not None and self.last_look["state"] == look.READY
        if ready or time.monotonic() < self.next_read:
            return
        self.next_read = time.monotonic() + EVERY
        read = bytes_read(self.folder)
        if read - self.read_bytes > 16 << 20:
            self.read_bytes = read
            emit({"read": read})


def how_it_ended(folder: str, attempt: str) -> state.Json | None:
    """Return the exit of an attempt; whoever stopped it may have put its folder away already."""
    past = os.path.join(os.path.dirname(os.path.dirname(folder)), "past", os.path.basename(folder))
    for where in (folder, past):
        spec = state.read(os.path.join(where, "spec.json")) or {}
        if spec.get("attempt") == attempt:
            return state.read(os.path.join(where, "exit.json"))
    return None


def bytes_read(folder: str) -> int:
    """Return the bytes that a launch's processes had fetched from storage (proc_pid_io(5))."""
    rank = state.read(os.path.join(folder, "rank.json")) or {}
    total = 0
    for pid in state.descendants(int(rank.get("pid", -1))):
        with contextlib.suppress(OSError, ValueError):
            with open("/proc/%d/io" % pid, encoding="ascii") as file:
                fields = dict(line.split(": ") for line in file.read().splitlines())
            total += int(fields["read_bytes"])
    return total


def emit(record: state.Json) -> None:
    """Write one record."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def main(root: str, name: str, attempt: str) -> int:
    """Watch the launch of that name, if it is still that attempt."""
    folder = state.folder(root, name)
    spec = state.read(os.path.join(folder, "spec.json"))
    if spec is None or (attempt and spec.get("attempt") != attempt):
        emit({"exit": None})
        return 0
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        Watch(folder, spec).run()
    return 0
