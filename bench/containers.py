"""What sparkup adds to docker: to a start, to a stop, and to a look at what runs."""

import statistics
import time
from collections.abc import Callable

from bench.docked import Containers, containers, missing
from bench.report import Goal, Report
from bench.timing import Samples, in_turns, stopwatch, table
from sparkup.node.rank import GRACE

TITLE = "containers of a simulated host, over SSH, to docker over a connection that is there"
MANY = 20
DEAF = "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('deaf', flush=True); s.pause()"
LATE = 5.0  # seconds at most that a stop takes beyond the grace


def measure(rounds: int, many: int = MANY) -> Report:
    """Return the report, or why there is none."""
    if why := missing():
        return Report(TITLE, [f"  not measured: {why}"])
    with containers() as host:
        lines = [*_detached(host, rounds), *_attached(host, rounds), *_status(host, rounds, many)]
        stops = statistics.median([_stop(host) for _ in range(max(1, rounds // 5))])
    lines.append(f"  stop of what ignores SIGTERM: {stops:.2f} s; its grace is {GRACE:g} s")
    return Report(TITLE, lines, [Goal("seconds of a stop beyond the grace", stops - GRACE, LATE)])


def _detached(host: Containers, rounds: int) -> list[str]:
    """Compare starts: until the command line ends, and the container runs."""
    candidates = {
        "docker run -d": lambda: host.run_detached("sleep", "600"),
        "sparkup launch -d": lambda: host.launch_detached("sleep", "600"),
    }
    return _compared(in_turns(candidates, rounds))


def _attached(host: Containers, rounds: int) -> list[str]:
    """Compare a program from its start to its end."""
    candidates = {
        "docker run --rm": lambda: host.run_attached("true"),
        "sparkup launch": lambda: host.launch_attached("true"),
    }
    return _compared(in_turns(candidates, rounds))


def _status(host: Containers, rounds: int, many: int) -> list[str]:
    """Compare a look at many launches that run."""
    for number in range(many):
        host.launch(f"m{number}", "sleep", "600")
    shown: dict[str, Callable[[], str]] = {
        "docker ps": lambda: host.docker("ps"),
        "sparkup status": lambda: host.sparkup("status").out,
    }
    names = {f"m{number}" for number in range(many)}
    if not all(names <= set(show().split()) for show in shown.values()):
        raise RuntimeError("not all launches are shown")
    samples = in_turns({name: stopwatch(show) for name, show in shown.items()}, rounds)
    return [f"  a look at {many}", *_compared(samples)]


def _stop(host: Containers) -> float:
    """Time the stop of a program that does not hear."""
    host.launch("deaf", "python3", "-c", DEAF)
    while "deaf" not in host.sparkup("logs", "deaf").out:
        time.sleep(0.1)
    return stopwatch(lambda: host.sparkup("stop", "deaf"))()


def _compared(samples: Samples) -> list[str]:
    bare, ours = (statistics.median(times) for times in samples.values())
    return [*table(samples, next(iter(samples))), f"  sparkup adds {ours - bare:.2f} s"]
