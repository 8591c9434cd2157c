"""A start of several ranks belongs to whoever is waiting for it: a lease says how long it may be left alone.

lease   seconds of the kernel's clock when the launcher was last heard of
kept    the launch goes on without a launcher: it is ready, or was let go
"""

from __future__ import annotations

import contextlib
import os
import time

from . import state
from .peers import unheard

HEARD = 5.0  # seconds in which ranks that run have heard of each other: they beat once a second


def renew(folder: str) -> None:
    """Note that the launcher is still there."""
    with contextlib.suppress(OSError):  # a full disk, or the launch has just been put away
        state.write(os.path.join(folder, "lease"), {"at": time.monotonic()})


def keep(folder: str, attempt: str) -> tuple[int, state.Json]:
    """Let an attempt go on without a launcher, and say why it hears no others; 1: it is not there."""
    spec = state.read(os.path.join(folder, "spec.json")) or {}
    if spec.get("attempt") != attempt:
        return 1, {"problem": ""}
    state.write(os.path.join(folder, "kept"), {"at": time.monotonic()})
    return 0, {"problem": deaf(folder, spec.get("beats") or {})}


def deaf(folder: str, beats: state.Json) -> str:
    """Say why a rank hears no others, "" if it does; all of them run, as their launcher has said."""
    deadline = time.monotonic() + HEARD
    while beats:
        told = state.read(os.path.join(folder, "peers.json")) or {}
        if told.get("problem") or any(each["silent"] is not None for each in told.get("peers", ())):
            return str(told.get("problem") or "")
        if time.monotonic() > deadline:
            return unheard(beats["address"], beats["port"])
        time.sleep(0.05)
    return ""


class Lease:
    """The lease of one launch on this host, as its supervisor sees it; 0 seconds: it needs none."""

    def __init__(self, folder: str, seconds: float, first: float = 0.0) -> None:
        self.folder, self.seconds = folder, seconds
        self.first = max(first, seconds)  # until it is renewed once: the other hosts may still be starting
        self.begun = time.monotonic()

    def over(self) -> str:
        """Say why the launch is to end, "" while it may go on."""
        if not self.seconds:
            return ""
        if os.path.exists(os.path.join(self.folder, "kept")):
            self.seconds = 0.0
            return ""
        heard = (state.read(os.path.join(self.folder, "lease")) or {}).get("at")
        silent = time.monotonic() - max(float(heard or 0.0), self.begun)
        if silent < (self.first if heard is None else self.seconds):
            return ""
        return "whoever was starting it has not been heard of for %.0f s" % silent
