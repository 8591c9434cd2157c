"""Following a log: how fast, with how much memory, and whether every line comes."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.surroundings import MODULE, own_state, quietly
from bench.timing import Lines, in_turns, table

LINE = "x" * 100  # and a number: about 110 bytes a line, as vLLM's are
WRITER = """
import sys, time
count, rate, start, text = int(sys.argv[1]), float(sys.argv[2]), time.monotonic(), sys.argv[3]
for first in range(0, count, 1000):
    block = "".join(f"{number:09} {text}\\n" for number in range(first, min(first + 1000, count)))
    sys.stdout.write(block)
    sys.stdout.flush()
    ahead = (first + 1000) * 111 / rate - (time.monotonic() - start) if rate else 0
    time.sleep(max(0, ahead))
"""


@dataclass
class Followed:
    """What a follower took: seconds, peak memory in bytes, and a digest of what it printed."""

    seconds: float
    peak: int
    digest: str


def expected(count: int) -> str:
    """Return the digest of a whole log."""
    found = hashlib.sha256()
    for number in range(count):
        found.update(f"{number:09} {LINE}\n".encode())
    return found.hexdigest()


def peak_of(pid: int, found: list[int]) -> None:
    """Note the peak memory of a process until it ends (VmHWM, proc(5))."""
    path = Path(f"/proc/{pid}/status")
    while True:
        try:
            rows = dict(line.split(":", 1) for line in path.read_text().splitlines())
            found.append(int(rows["VmHWM"].split()[0]) * 1024)
        except (OSError, KeyError, ValueError):
            return
        time.sleep(0.05)


def follow(argv: tuple[str, ...], env: dict[str, str]) -> Followed:
    """Run a follower to its end and take in all it prints."""
    begun, digest, peaks = time.monotonic(), hashlib.sha256(), [0]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        watcher = threading.Thread(target=peak_of, args=(running.pid, peaks))
        watcher.start()
        assert running.stdout is not None
        while data := os.read(running.stdout.fileno(), 1 << 20):
            digest.update(data)
    watcher.join()
    return Followed(time.monotonic() - begun, max(peaks), digest.hexdigest())


def measure(rounds: int, megabytes: int = 100) -> Lines:
    """Return the report."""
    count = megabytes * 1_000_000 // 111
    program = (sys.executable, "-c", WRITER, str(count), "0", LINE)
    with own_state() as env:
        quietly((*MODULE, "launch", "--name", "log", "--progress", "quiet", "--", *program), env)
        log = Path(env["SPARKUP_STATE_DIR"]) / "past" / "log" / "log"
        last: dict[str, Followed] = {}

        def logs() -> float:
            last["sparkup logs"] = follow((*MODULE, "logs", "log"), env)
            return last["sparkup logs"].seconds

        def cat() -> float:
            last["cat"] = follow(("cat", str(log)), env)
            return last["cat"].seconds

        samples = in_turns({"cat": cat, "sparkup logs": logs}, rounds)
        live = while_it_grows(env, count)
    whole = expected(count)
    return [
        f"a log of {megabytes} MB",
        *table(samples, "cat"),
        f"  {megabytes / samples['sparkup logs'].median:.0f} MB/s read",
        f"  every line came: {last['sparkup logs'].digest == whole}",
        f"  peak memory of the command line: {last['sparkup logs'].peak / 1e6:.0f} MB",
        *live(whole),
    ]


def while_it_grows(env: dict[str, str], count: int) -> "Live":
    """Follow a log while it is written as fast as its writer can: the end must come right after it."""
    writer = (sys.executable, "-c", WRITER, str(count), "0", LINE)
    alone = time.monotonic()
    subprocess.run(writer, check=True, stdout=subprocess.DEVNULL)
    alone = time.monotonic() - alone
    followed = follow((*MODULE, "launch", "--name", "grows", "--progress", "quiet", "--", *writer), env)
    return Live(followed, alone)


@dataclass
class Live:
    """A log that was followed while it grew, against its writer alone."""

    followed: Followed
    alone: float

    def __call__(self, whole: str) -> list[str]:
        """Return the lines of the report."""
        ratio = self.followed.seconds / self.alone
        return [
            f"  written, kept and followed at once: {ratio:.1f} x the time of its writer alone",
            f"  every line came: {self.followed.digest == whole}",
            f"  peak memory of the command line: {self.followed.peak / 1e6:.0f} MB",
        ]
