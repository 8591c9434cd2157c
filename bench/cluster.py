"""A launch on several hosts at once, and its stop, against the same by ssh on one host after another."""

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.control import MODEL, Control, control
from tests.simhosts.hosts import Setup, Testbed, booted, lacks, sweep
from tests.user import FAKES, ROOT

from bench.report import Report
from bench.timing import in_turns, table

TITLE = "ranks of a stand-in for vLLM on simulated hosts, until the server answers and until all have ended"
COUNTS = (2, 4, 8, 16)
BASE = "ssh after ssh"
VLLM = str(FAKES / "vllm")
ASK = (
    "until python3 -c \"import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')\" 2>/dev/null;"
    " do sleep 0.1; done"
)
OURS = "'[f]akes/bin/vllm serve'"
GONE = f"pkill -f {OURS}; while pgrep -f {OURS} >/dev/null; do sleep 0.1; done"


def measure(rounds: int, counts: tuple[int, ...] = COUNTS) -> Report:
    """Return the report, or why there is none."""
    if why := lacks("none"):
        return Report(TITLE, [f"  not measured: {why}"])
    lines: list[str] = []
    with bed(max(counts)) as somebody:
        for count in counts:
            lines += [f"  {count} hosts: start", *_both(somebody, count, rounds)]
    return Report(TITLE, lines)


@dataclass(slots=True)
class Timed:
    """The seconds of one round: of the start, and of the stop that follows it."""

    somebody: Control
    count: int
    stops: dict[str, list[float]]

    def by_ssh(self) -> float:
        """Start on one host after another, as a script does it: look, start, and at last wait."""
        begun = time.monotonic()
        for number in range(self.count, 0, -1):
            self._ssh(number, "true")
            self._ssh(number, f"setsid -f {shlex.join(self._argv(number - 1))} >/tmp/log 2>&1 </dev/null")
        self._ssh(1, ASK)
        seconds = time.monotonic() - begun
        self._stopped(BASE, self._end_by_ssh)
        return seconds

    def by_us(self) -> float:
        """Start all at once."""
        nodes = ("-n", ",".join(f"spark{number}" for number in range(1, self.count + 1)))
        begun = time.monotonic()
        self._sparkup("launch", "--engine", "host", "--no-follow", *nodes, "--", *self._command())
        seconds = time.monotonic() - begun
        self._stopped("sparkup", lambda: self._sparkup("stop", *nodes))
        return seconds

    def _end_by_ssh(self) -> None:
        for number in range(1, self.count + 1):
            self._ssh(number, GONE)

    def _stopped(self, name: str, work: Callable[[], object]) -> None:
        begun = time.monotonic()
        work()
        self.stops.setdefault(name, []).append(time.monotonic() - begun)

    def _command(self) -> tuple[str, ...]:
        return (VLLM, "serve", MODEL, "-tp", str(self.count))

    def _argv(self, rank: int) -> tuple[str, ...]:
        meet = ("--nnodes", str(self.count), "--node-rank", str(rank), "--master-addr", "192.168.177.11")
        return (*self._command(), *meet, "--master-port", "29501", *(("--headless",) if rank else ()))

    def _ssh(self, number: int, line: str) -> None:
        self.somebody.hosts.control(["ssh", "-n", f"spark{number}", line], timeout=120)

    def _sparkup(self, *words: str) -> None:
        done = self.somebody.user.run(*words)
        if done.status:
            raise RuntimeError(done.err)


def _both(somebody: Control, count: int, rounds: int) -> list[str]:
    timed = Timed(somebody, count, {})
    before = os.times()
    starts = in_turns({BASE: timed.by_ssh, "sparkup": timed.by_us}, rounds)
    after = os.times()
    ours = {name: values[-len(starts[name]) :] for name, values in timed.stops.items()}
    spent = sum(after[:4]) - sum(before[:4])
    return [
        *table(starts, BASE),
        "    stop",
        *table(ours, BASE),
        f"    processor time of it all: {spent:.0f} s",
    ]


@contextmanager
def bed(count: int) -> Iterator[Control]:
    """Boot hosts on which ranks can be started, each of which was reached once."""
    sweep()
    logs = ROOT / "tests" / "fixtures" / "engine_log"
    with (
        tempfile.TemporaryDirectory(prefix="sparkup-bench-") as folder,
        booted(Setup(hosts=count, shares=(FAKES.parent, logs))) as bed,
        control(bed, Path(folder) / "home") as somebody,
    ):
        for number in range(1, count + 1):
            somebody.model(number)
        _warm(bed, count)
        yield somebody


def _warm(bed: Testbed, count: int) -> None:
    """Let each host be reached once: its first login makes keys and folders."""
    for number in range(1, count + 1):
        bed.control(["ssh", "-n", f"spark{number}", "true"], timeout=60)
