"""Reads what a follower of a log prints: when the last line came, how late lines were, whether all came."""

import hashlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.writer import LENGTH

PATIENCE = 300.0  # seconds without the last line
OFTEN = 0.02  # seconds between two looks at the memory


@dataclass
class Followed:
    """What a follower did until the last line came; times in seconds, memory in bytes."""

    seconds: float = 0.0
    processor: float = 0.0  # seconds of it and of all its children
    peak: int = 0
    size: int = 0
    lags: list[float] = field(default_factory=list)  # of the newest line of each read
    digest: str = ""


def follow(argv: Sequence[str], env: Mapping[str, str], size: int, go: Path | None = None) -> Followed:
    """Run a follower until it has printed so many bytes, then end it as Ctrl-C does.

    With `go`, a file that is made when it prints its first bytes, lags are measured from then on.
    """
    found, before, begun = Followed(), _processor(), time.monotonic()
    with subprocess.Popen(
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        stuck = threading.Timer(PATIENCE, running.kill)
        memory = threading.Thread(target=_watch, args=(running.pid, found))
        stuck.start()
        memory.start()
        assert running.stdout is not None
        _read(running.stdout.fileno(), size, found, go)
        found.seconds = time.monotonic() - begun
        running.send_signal(signal.SIGINT)
        stuck.cancel()
    memory.join()
    found.processor = _processor() - before
    return found


def _read(file: int, size: int, found: Followed, go: Path | None) -> None:
    digest, rest, first = hashlib.sha256(), b"", 0
    while found.size < size and (data := os.read(file, 1 << 20)):
        now = time.monotonic_ns()
        digest.update(data)
        found.size += len(data)
        if go is None:
            continue
        if not first:
            first = now
            go.touch()
        rest = (rest + data)[-2 * LENGTH :]
        made = _made(rest)
        found.lags += [(now - made) / 1e9] if made > first else []
    found.digest = digest.hexdigest()


def _made(text: bytes) -> int:
    """Return when the last whole line was made, in nanoseconds; 0 where there is none."""
    *_, line, _ = b"\n", *text.split(b"\n")
    return int(line[10:28]) if len(line) == LENGTH - 1 else 0


def _processor() -> float:
    """Return the processor time of all children that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(pid: int, found: Followed) -> None:
    """Note the peak memory of a process until it ends (VmHWM, proc_pid_status(5))."""
    path = Path(f"/proc/{pid}/status")
    while True:
        try:
            rows = dict(line.split(":", 1) for line in path.read_text().splitlines())
            found.peak = max(found.peak, int(rows["VmHWM"].split()[0]) * 1024)
        except (OSError, KeyError, ValueError):
            return
        time.sleep(OFTEN)
