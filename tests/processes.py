"""Processes as the kernel shows them: who is left of what a test has started."""

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")


def lives(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    return state(pid) not in ("", "Z", "X")


def state(pid: int) -> str:
    """Return the letter of a process's state (proc(5)), "" for no process."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    return ""


def parent(pid: int) -> int:
    """Return the parent of a process, 0 for no process."""
    with contextlib.suppress(OSError):
        return int((PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return 0


def children(pid: int) -> list[int]:
    """Return the children of a process, zombies too."""
    return [each for each in pids() if parent(each) == pid]


def touching(*texts: str | Path) -> list[int]:
    """Return the living processes that have one of some texts in their arguments or environment."""
    wanted = [os.fsencode(text) for text in texts]
    return [
        pid
        for pid in pids()
        if pid != os.getpid() and lives(pid) and any(text in _words(pid) for text in wanted)
    ]


def command(pid: int) -> str:
    """Return a process's command line, for messages."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def pids() -> Iterator[int]:
    """Yield all process ids."""
    yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def kill(found: Iterable[int]) -> None:
    """End processes at once, those of a test that failed."""
    for pid in found:
        send(pid, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _words(pid: int) -> bytes:
    words = b""
    for name in ("cmdline", "environ"):
        with contextlib.suppress(OSError):
            words += (PROC / str(pid) / name).read_bytes() + b"\0"
    return words
