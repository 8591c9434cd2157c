"""Hand the key of the beats to the supervisor in a container, through a pipe in the launch's folder.

No disk has it then, no argument, and no variable of the container, which its command and whoever may
look at containers would see.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
from typing import Iterator

from . import state
from .peers import KEY

ROOM = 4096  # bytes that are written to a pipe as a whole
PATIENCE = 10.0  # seconds for who starts the container to hand it over


class Offer:
    """A key that somebody in the container may take; "" is none."""

    def __init__(self, folder: str, key: str) -> None:
        self.path, self.key = path(folder), key

    def give(self) -> None:
        """Hand it over if somebody waits for it."""
        if not self.key:
            return
        with contextlib.suppress(OSError):  # nobody reads yet
            file = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if stat.S_ISFIFO(os.fstat(file).st_mode):  # root of the container writes in that folder too
                    os.write(file, self.key.encode())
                    self.key = ""
            finally:
                os.close(file)


@contextlib.contextmanager
def offered(folder: str, key: str) -> Iterator[Offer]:
    """Offer a key for the time of a start; without a pipe (OSError) there is none to be had."""
    with contextlib.suppress(OSError):
        if key:
            os.mkfifo(path(folder), 0o600)
    try:
        yield Offer(folder, key)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path(folder))


def taken(folder: str, spec: state.Json) -> dict[str, str]:
    """Return the key, as a secret, that who starts us hands over; {} if there is none."""
    if KEY not in spec.get("secrets", ()):
        return {}
    with contextlib.suppress(OSError):
        file = os.open(path(folder), os.O_RDONLY | os.O_NONBLOCK)
        try:
            select.select([file], [], [], PATIENCE)
            key = os.read(file, ROOM).decode("ascii", "replace")
        finally:
            os.close(file)
        return {KEY: key} if key else {}
    return {}


def path(folder: str) -> str:
    """Return where the pipe is."""
    return os.path.join(folder, "key")
