"""Hand the key of the beats to the supervisor in a container, through a pipe in the launch's folder.

No disk has it then, no argument, and no variable of the container, which its command and whoever may
look at containers would see.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
import time
from typing import Iterator

from . import state
from .peers import KEY

ROOM = 4096  # bytes that are written to a pipe as a whole
STARTING = 150.0  # seconds until the rank runs in its container: images and Python come from a cold disk
PAUSE = 0.05  # seconds between two looks at who is on the other side


class NotHandedOver(Exception):
    """Nobody has handed the key over, and nobody will."""


class Offer:
    """A key that somebody in the container may take; "" is none. Raises OSError where no pipe can be made."""

    def __init__(self, folder: str, key: str) -> None:
        self.path, self.key = path(folder), key
        self.over = threading.Event()
        if key:
            try:
                os.mkfifo(self.path, 0o600)
            except OSError as error:
                raise OSError(error.errno, error.strerror, self.path) from None

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """Let it stand for the time of a `with`."""
        giver = threading.Thread(target=self.until_given, daemon=True)
        giver.start()
        try:
            yield
        finally:
            self.over.set()
            giver.join()
            with contextlib.suppress(OSError):
                os.unlink(self.path)

    def until_given(self) -> None:
        """Hand it over as soon as somebody waits for it: it may be long before the engine has answered."""
        given = not self.key
        while not (given or self.over.wait(PAUSE)):
            given = self.give()

    def give(self) -> bool:
        """Hand it over if somebody waits for it; say whether that was so."""
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # nobody reads yet
            return False
        try:
            if not stat.S_ISFIFO(os.fstat(file).st_mode):  # root of the container writes in that folder too
                return False
            os.write(file, self.key.encode())
        except OSError:  # who has begun to read is gone
            return False
        finally:
            os.close(file)
        return True


def taken(folder: str, spec: state.Json) -> dict[str, str]:
    """Return the key, as a secret, that who starts us hands over; {} where a launch has none.

    It is waited for as long as there is a pipe, which is as long as somebody starts us; one who was killed
    leaves it there. Raises NotHandedOver.
    """
    if KEY not in spec.get("secrets", ()):
        return {}
    try:
        key = read(path(folder))
    except OSError as error:
        raise NotHandedOver(error.strerror) from None
    if not key:
        raise NotHandedOver("who starts it has given up")
    return {KEY: key}


def read(pipe: str) -> str:
    """Return what is written to a pipe, "" if it goes before that; raises OSError."""
    file = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    deadline = time.monotonic() + STARTING
    try:
        while not select.select([file], [], [], PAUSE)[0]:
            if not os.path.exists(pipe) or time.monotonic() > deadline:
                return ""
        return os.read(file, ROOM).decode("ascii", "replace")
    finally:
        os.close(file)


def path(folder: str) -> str:
    """Return where the pipe is."""
    return os.path.join(folder, "key")
