"""The API server's end of the engine: asks it, and notices its death."""

import os
import threading
from collections.abc import Callable

from .processes import Child


class Engine:
    """One engine core; requests go through it one at a time."""

    def __init__(self, child: Child, on_death: Callable[[], None]) -> None:
        """Take a running engine core; `on_death` is called once, from another thread."""
        self.child = child
        self.dead = threading.Event()
        self._on_death = on_death
        self._lock = threading.Lock()

    def worker_pid(self) -> int | None:
        """Return the pid that the engine core tells first; None if it has died."""
        data = b""
        while not data.endswith(b"\n"):
            more = self.child.socket.recv(32)
            if not more:
                return None
            data += more
        return int(data)

    def watch(self) -> None:
        """Begin to wait for the end of the engine core."""
        threading.Thread(target=self._wait, daemon=True).start()

    def ask(self, request: bytes = b"r") -> bool:
        """Send a request through; False if the engine is dead. Hangs while the engine does."""
        with self._lock:
            try:
                self.child.socket.sendall(request)
                return bool(self.child.socket.recv(1))
            except OSError:
                return False

    def _wait(self) -> None:
        os.waitpid(self.child.pid, 0)
        self.dead.set()
        self._on_death()
