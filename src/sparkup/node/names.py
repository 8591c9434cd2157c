"""Who holds names and ports of launches on this host: a folder is the lock of a name."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from importlib import import_module
from typing import Iterator

from . import state

BEGINNING = 30.0  # seconds that a start may take from the folder to the process


@contextlib.contextmanager
def alone(root: str) -> Iterator[None]:
    """Keep others from taking names or putting launches away meanwhile; the kernel ends it when we die."""
    os.makedirs(root, exist_ok=True)
    file = os.open(os.path.join(root, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, 0o600)  # who may read it may hold it
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


class Held(Exception):
    """A name or a port is another launch's; `code` says which, `launch` whose."""

    def __init__(self, code: str, launch: str, port: int = 0) -> None:
        super().__init__(launch)
        self.code, self.launch, self.port = code, launch, port


def take(root: str, spec: state.Json) -> None:
    """Make the launch's folder with its spec in it; raises Held, or OSError with nothing left.

    A launch that has ended is moved away, to be looked at until the next one of its name ends.
    """
    name = spec["launch"]
    folder, past = state.folder(root, name), state.folder(root, name, past=True)
    with alone(root):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        if os.path.exists(folder):
            if reserved(folder, spec["attempt"]):
                state.write(os.path.join(folder, "spec.json"), spec)
                return
            if busy(folder):
                raise Held("name-taken", name)
            bury(folder, past)
        for port in ports(spec):
            holder = holder_of(root, port)
            if holder:
                raise Held("port-taken", holder, port)
        os.mkdir(folder, 0o711)  # others may see that it is there; what is in it is its owner's
        try:
            state.write(os.path.join(folder, "spec.json"), spec)
        except OSError:
            remove(folder)
            raise


def ports(spec: state.Json) -> list[int]:
    """Return the ports that a rank is to have: of its server, and where ranks meet and hear each other."""
    beats = spec.get("beats")
    both = (spec.get("port"), beats.get("port") if isinstance(beats, dict) else None)
    return [port for port in both if port is not None]


def holder_of(root: str, port: int) -> str:
    """Return the launch that is to have a port: a server listens long after its start only."""
    parent = os.path.join(root, "launches")
    for name in os.listdir(parent):
        folder = os.path.join(parent, name)
        spec = state.read(os.path.join(folder, "spec.json")) or {}
        if port in ports(spec) and busy(folder):
            return name
    return ""


def reserved(folder: str, attempt: str) -> bool:
    """Say whether an attempt has taken the name before and has not started yet."""
    spec = state.read(os.path.join(folder, "spec.json")) or {}
    return spec.get("attempt") == attempt and not os.path.exists(os.path.join(folder, "rank.json"))


def busy(folder: str) -> bool:
    """Say whether a launch still runs, or is just being started by somebody else."""
    rank = state.read(os.path.join(folder, "rank.json"))
    if rank is None:
        with contextlib.suppress(OSError):
            # The clock may have been set back meanwhile: then the folder is of a time to come.
            return abs(time.time() - os.stat(folder).st_mtime) < BEGINNING
        return False
    spec = state.read(os.path.join(folder, "spec.json")) or {}
    return state.lives(rank) or bool(state.marked(spec.get("attempt", "-")))


def give_up(root: str, name: str, attempt: str) -> None:
    """Put an ended launch away, unless its name has gone to another attempt meanwhile."""
    folder = state.folder(root, name)
    with alone(root):
        spec = state.read(os.path.join(folder, "spec.json")) or {}
        if spec.get("attempt") == attempt:
            bury(folder, state.folder(root, name, past=True))


def remove(folder: str) -> None:
    """Remove a folder, if it is there."""
    if os.path.lexists(folder):
        import_module("shutil").rmtree(folder, ignore_errors=True)  # here: most runs need none of it


def bury(folder: str, past: str) -> None:
    """Move an ended launch to where its log can still be read."""
    os.makedirs(os.path.dirname(past), exist_ok=True)
    remove(past)
    os.rename(folder, past)
