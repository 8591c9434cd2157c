"""The last look at the readiness of a launch: its supervisor's judge writes it, anybody reads it."""

from __future__ import annotations

import contextlib
import json
import os

from . import state

READY, NOT_YET, ENDED = "ready", "not-yet", "ended"
ROOM = 4096  # bytes, taken at the start: that a server is ready shall not depend on a disk that is full


class Record:
    """The file of the last look, open for as long as its launch lives."""

    def __init__(self, folder: str) -> None:
        self.file = state.opened(path(folder), os.O_WRONLY | os.O_CREAT)
        state.give(self.file, folder)
        os.posix_fallocate(self.file, 0, ROOM)

    def put(self, look: state.Json) -> None:
        """Write over the look before; a reader that gets a part of each reads again."""
        data = json.dumps(look).encode()
        if len(data) > ROOM:
            short = {name: value for name, value in look.items() if name not in ("canary", "problem")}
            data = json.dumps(short).encode()
        with contextlib.suppress(OSError):  # only a file system that copies on write has to find room
            os.pwrite(self.file, data.ljust(ROOM), 0)


def once(root: str, name: str) -> tuple[int, state.Json]:
    """Return the last look at a launch, or how it ended; status 0: ready, 75: not yet, 70: ended."""
    folder = state.folder(root, name)
    if not state.lives(state.read(os.path.join(folder, "rank.json"))):
        return 70, {"state": ENDED, "exit": state.read(os.path.join(folder, "exit.json"))}
    found = last(folder) or {"state": NOT_YET}
    return 0 if found["state"] == READY else 75, found


def path(folder: str) -> str:
    """Return where a launch has its last look."""
    return os.path.join(folder, "look.json")


def last(folder: str) -> state.Json | None:
    """Return the last look, None while there was none, or for what cannot be one."""
    found = state.read(path(folder)) or {}
    offset = found.get("offset", 0)
    return found if isinstance(found.get("state"), str) and isinstance(offset, int) and offset >= 0 else None
