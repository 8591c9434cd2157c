"""What planning alone takes: from what was seen of many hosts to all steps of a start. No host is touched."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from tests.planning.clusters import asked, hosts
from tests.planning.fabrics import switch
from tests.user import ROOT

from bench.report import Report
from bench.timing import in_turns, table
from sparkup.planning.launch import start_plan
from sparkup.planning.resolve import resolve

FEW, MANY = 100, 1000
TITLE = f"planning for {FEW} and {MANY:,} hosts on one switch, and all steps of the start"


def measure(rounds: int, counts: tuple[int, ...] = (FEW, MANY)) -> Report:
    """Return the report."""
    told: dict[int, dict[str, float]] = {}

    def decided(count: int) -> float:
        told[count] = _alone(count)
        return told[count]["decided"]

    candidates: dict[str, Callable[[], float]] = {}
    for count in counts:
        candidates[f"{count:,} hosts, decided"] = partial(decided, count)
        candidates[f"{count:,} hosts, its steps"] = lambda count=count: told[count]["steps"]  # type: ignore[misc]
    samples = in_turns(candidates, rounds)
    used = ", ".join(f"{count:,} hosts {each['bytes'] / 2**20:.0f} MiB" for count, each in told.items())
    return Report(TITLE, [*table(samples, next(iter(samples))), f"  memory that it took at most: {used}"])


def _alone(count: int) -> dict[str, float]:
    """Plan in a process of its own; return its seconds for each part, and its bytes."""
    argv = [sys.executable, "-m", "bench.planning", str(count)]
    done = subprocess.run(argv, check=True, capture_output=True, cwd=ROOT)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(count: int) -> None:
    """Plan a launch on so many hosts, and print what that took."""
    cables = switch(count)
    request = asked("vllm", "serve", "some/model", "-tp", "1", "-pp", str(count), hosts=tuple(cables))
    seen = hosts(request, cables)
    before, begun = _peak(), time.perf_counter()
    launch = resolve(request, seen, "a1").launch
    decided = time.perf_counter()
    plan = start_plan(launch, seen, "node.pyz", b"")
    told = {"decided": decided - begun, "steps": time.perf_counter() - decided, "bytes": _peak() - before}
    if len(launch.nodes) != count or len(plan.steps) < count:
        raise SystemExit(f"{len(launch.nodes)} ranks and {len(plan.steps)} steps for {count} hosts")
    json.dump(told, sys.stdout)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


if __name__ == "__main__":
    main(int(sys.argv[1]))
