"""A Ray cluster of several hosts, until all have joined, and its end: against scripts that use ssh."""

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.control import Control
from tests.simhosts.hosts import lacks
from tests.user import FAKES

from bench.cluster import bed
from bench.report import Goal, Report
from bench.timing import in_turns, ratio, table

TITLE = "a stand-in for Ray, with the delays of the real one, on simulated hosts: until all have joined"
OLD, TURNS, OURS = "as the old scripts", "one host after another", "sparkup"
COUNTS = (2, 4, 8)
FEW = 4  # hosts up to which the old scripts are measured: their stop takes 10 s a host
MOST, FIFTH = 2 / 3, 0.2  # of the start and the stop of the old scripts; Ray itself is half of that start
QUARTER = 0.25  # of one host after another
BIN = FAKES.parent / "stand_in_ray" / "bin"
PATH = f"PATH={BIN}:/usr/local/bin:/usr/bin:/bin"
HEAD = "192.168.177.11"
START = f"env {PATH} RAY_ADDRESS={HEAD}:6379 ray start --node-ip-address"
STATUS = f"env {PATH} RAY_ADDRESS={HEAD}:6379 ray status"
LOG = ">/tmp/log 2>&1 </dev/null"
# A container's first process gets no signal that it has not asked for; this is one, as far as that goes.
CONTAINED = "setsid -f unshare --pid --fork --kill-child"
STOP = (  # docker stop: SIGTERM, ten seconds, SIGKILL
    "pid=$(pgrep -P $(pgrep -o -f '[u]nshare --pid')); kill -TERM $pid; for i in $(seq 100); do "
    "kill -0 $pid 2>/dev/null || exit 0; sleep 0.1; done; kill -KILL $pid; sleep 0.1"
)
GONE = "pkill -f '[r]ay start'; while pgrep -f '[r]ay start' >/dev/null; do sleep 0.1; done"


def measure(rounds: int, counts: tuple[int, ...] = COUNTS) -> Report:
    """Return the report, or why there is none."""
    if why := lacks("none"):
        return Report(TITLE, [f"  not measured: {why}"])
    lines: list[str] = []
    goals: list[Goal] = []
    with bed(max(counts)) as somebody:
        for count in counts:
            timed = Timed(somebody, count)
            starts = in_turns(timed.candidates(), rounds)
            stops = {name: values[-len(starts[name]) :] for name, values in timed.stops.items()}
            base = next(iter(starts))
            lines += [f"  {count} hosts: start", *table(starts, base), "    stop", *table(stops, base)]
            lines += [f"    processor time, of all that ran meanwhile: {_told(timed.spent)}"]
            goals += _goals(count, starts, stops)
    return Report(TITLE, lines, goals)


def _told(spent: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in spent.items())


def _goals(
    count: int, starts: Mapping[str, Sequence[float]], stops: Mapping[str, Sequence[float]]
) -> list[Goal]:
    if OLD in starts:
        return [
            Goal(f"start on {count} hosts, to the old scripts", ratio(starts, OURS, OLD), MOST),
            Goal(f"stop on {count} hosts, to the old scripts", ratio(stops, OURS, OLD), FIFTH),
        ]
    return [Goal(f"start on {count} hosts, to one after another", ratio(starts, OURS, TURNS), QUARTER)]


@dataclass(slots=True)
class Timed:
    """The seconds of the stops that follow starts, and of processors in the last round, by candidate."""

    somebody: Control
    count: int
    stops: dict[str, list[float]] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)

    def candidates(self) -> dict[str, Callable[[], float]]:
        """Return what starts a cluster and ends it, and says how long the start took."""
        found = {
            OLD: (self._old, self._old_stop),
            TURNS: (self._in_turn, self._stop_in_turn),
            OURS: (self._ours, self._our_stop),
        }
        if self.count > FEW:
            del found[OLD]
        return {name: self._both(name, *works) for name, works in found.items()}

    def _both(self, name: str, start: Callable[[], None], stop: Callable[[], None]) -> Callable[[], float]:
        def both() -> float:
            before = busy()
            begun = time.monotonic()
            start()
            started = time.monotonic()
            stop()
            self.stops.setdefault(name, []).append(time.monotonic() - started)
            self.spent[name] = busy() - before
            return started - begun

        return both

    def _old(self) -> None:
        """Start all in the background, poll the head's `ray status`, and then wait for the others blindly."""
        others = [f"spark{number}" for number in range(2, self.count + 1)]
        lines = [f"ssh {host} true" for host in others] * 2  # it asks docker there as well whether it runs
        lines.append(f"{CONTAINED} {self._start(1)} --block {LOG}")
        for number, host in enumerate(others, 2):
            lines.append(f"ssh {host} mkdir -p .cache/huggingface .cache/vllm .cache/flashinfer .triton")
            lines.append(f"ssh {host} {shlex.quote(f'{CONTAINED} {self._start(number)} --block {LOG}')}")
        lines.append(f"for i in $(seq 30); do {STATUS} >/dev/null 2>&1 && break; sleep 2; done; sleep 5")
        self._on_head(lines)

    def _old_stop(self) -> None:
        others = [f"ssh spark{number} {shlex.quote(STOP)}" for number in range(2, self.count + 1)]
        self._on_head([f"({STOP})", *others])

    def _in_turn(self) -> None:
        """Start one host when the one before has started, and wait until all are there."""
        others = [
            f"ssh spark{number} {shlex.quote(f'{self._start(number)} {LOG}')}"
            for number in range(2, self.count + 1)
        ]
        wait = f"until {STATUS} | grep -q '{self.count} nodes'; do sleep 1; done"
        self._on_head([f"{self._start(1)} {LOG}", *others, wait])

    def _stop_in_turn(self) -> None:
        others = [f"ssh spark{number} {shlex.quote(GONE)}" for number in range(2, self.count + 1)]
        self._on_head([GONE, *others])

    def _ours(self) -> None:
        self._sparkup("start", "--engine", "host", "--backend", "ray", "-e", PATH, *self._nodes)

    def _our_stop(self) -> None:
        self._sparkup("stop", *self._nodes)

    @property
    def _nodes(self) -> tuple[str, str]:
        return ("-n", ",".join(f"spark{number}" for number in range(1, self.count + 1)))

    @staticmethod
    def _start(number: int) -> str:
        where = "--head --port 6379" if number == 1 else f"--address {HEAD}:6379"
        return f"{START} 192.168.177.{10 + number} {where}"

    def _on_head(self, lines: Sequence[str]) -> None:
        self.somebody.hosts.exec(1, ["bash", "-e", "-c", "\n".join(lines)], timeout=300)

    def _sparkup(self, *words: str) -> None:
        done = self.somebody.user.run(*words)
        if done.status:
            raise RuntimeError(done.err)


def busy() -> float:
    """Return the seconds that all processors have worked since the boot, for whomever (proc_stat(5))."""
    with Path("/proc/stat").open(encoding="ascii") as file:
        user, nice, system, _, _, *others = map(int, file.readline().split()[1:8])
    return (user + nice + system + sum(others)) / 100
