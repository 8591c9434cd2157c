"""End a rank before its host runs out of memory and freezes: CPU and GPU share it (users.md F22).

What earlyoom does for a whole machine, for one launch, and in any image. Available is what the kernel
says a new process could have; swap does not count, as a machine that swaps its weights stands still.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import Callable

from . import state

EVERY = 0.5  # seconds between two looks: a model that loads takes some GiB a second
LINE = "\n[sparkup: only %d MiB of memory are available: the launch is ended before the machine freezes]\n"


def kills() -> int:
    """Return how many processes the kernel has killed because our own control group had no memory left."""
    for path in oom_counters():
        with contextlib.suppress(OSError, ValueError, IndexError), open(path, encoding="ascii") as file:
            words = file.read().split()
            return int(words[words.index("oom_kill") + 1])
    return 0


def oom_counters() -> list[str]:
    """Return where cgroups of version 2 and 1 count them, as seen in a container and on a host."""
    here = ""
    with contextlib.suppress(OSError), open("/proc/self/cgroup", encoding="utf-8") as file:
        here = next((line.strip()[3:] for line in file if line.startswith("0::")), "")
    two = [f"/sys/fs/cgroup{folder}/memory.events" for folder in dict.fromkeys((here.rstrip("/"), ""))]
    return [*two, "/sys/fs/cgroup/memory/memory.oom_control"]


class Guard:
    """Watches the host's memory for one rank; `limits` are the bytes at which to end it, and to kill it."""

    def __init__(self, limits: list[int] | None, say: Callable[[bytes], None]) -> None:
        self.end, self.kill = limits or (0, 0)
        self.say, self.next, self.ended = say, 0.0, False
        self.before = kills()

    def limit_reached(self) -> bool:
        """Say whether a limit of memory has killed something of the rank."""
        return kills() > self.before

    def look(self, child: subprocess.Popen[bytes]) -> None:
        """Look, if it is time to, and end what must be ended."""
        now = time.monotonic()
        if not self.end or now < self.next:
            return
        self.next = now + EVERY
        available = state.memory_available()
        if available < self.end and not self.ended:
            self.ended = True
            self.say((LINE % (available >> 20)).encode())
            child.terminate()
        if available < self.kill:
            for pid in state.descendants(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
