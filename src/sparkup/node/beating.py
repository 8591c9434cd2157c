"""The beats of a rank have a thread of their own: what else its supervisor does may hang, as a disk can."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from typing import Any

from .peers import Peers

END_PATIENCE = 5.0  # seconds


class Beating:
    """Lets a rank beat and listen until `end`. Whoever uses its peers meanwhile holds `lock`.

    The thread touches no file, and when a process is forked it holds no lock of Python's: our own is
    taken for that, and without it the thread does nothing but wait.
    """

    def __init__(self, peers: Peers) -> None:
        self.peers, self.lock = peers, threading.RLock()
        self.ours: Any = None
        self.thread: Any = None

    def begin(self) -> None:
        """Begin, if there is anybody to hear."""
        if self.peers.socket is None:
            return
        self.ours, self.theirs = socket.socketpair()
        for end in (self.ours, self.theirs):
            end.settimeout(0.0)
        os.register_at_fork(
            before=self.lock.acquire, after_in_parent=self.lock.release, after_in_child=self.lock.release
        )
        self.thread = threading.Thread(target=self.beat, daemon=True)
        self.thread.start()

    def beat(self) -> None:
        """Beat and listen."""
        waited = [self.peers.socket, self.theirs]
        while True:
            ready = select.select(waited, [], [], self.peers.pause())[0]
            if self.theirs in ready and not self.theirs.recv(64):
                return
            with self.lock:
                news = self.peers.look()
            if news:
                with contextlib.suppress(OSError):  # so many are there already
                    self.theirs.send(b"!")

    def files(self) -> list[Any]:
        """Return what can be read when something was heard."""
        return [] if self.ours is None else [self.ours]

    def heed(self) -> None:
        """Take note that something was heard."""
        with contextlib.suppress(OSError):
            for file in self.files():
                file.recv(64)

    def soon(self) -> None:
        """Beat at once: there is something to tell."""
        self.peers.next = 0.0
        with contextlib.suppress(OSError):
            for file in self.files():
                file.send(b"!")

    def end(self) -> None:
        """Beat no more."""
        if self.ours is not None:
            self.ours.close()
            self.ours = None
            self.thread.join(END_PATIENCE)
            self.theirs.close()
