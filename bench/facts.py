"""One round trip for all facts of a launch: against the interpreter that answers it, and `ssh` to each."""

import asyncio
import sys
from collections.abc import Callable

from tests.e2e.control import Control
from tests.simhosts.hosts import lacks

from bench.cluster import bed
from bench.report import Report
from bench.surroundings import MODULE, own_place
from bench.timing import in_turns, stopwatch, table
from sparkup.config.request import Typed, parse
from sparkup.connect.local import Local, base_python
from sparkup.domain.command import Command
from sparkup.planning.resolve import wanted
from sparkup.run.gather import Facts, Live

BASE = "python3 -c pass"
COMMAND = ("vllm", "serve", "some/model")
HOSTS = 8
EACH = "ssh true, one host after another"


def measure(rounds: int, count: int = HOSTS) -> Report:
    """Return the report; of several hosts where they can be simulated."""
    title, lines = _here(rounds)
    lines.append(f"  of {count} hosts at once")
    if why := lacks("none"):
        return Report(title, [*lines, f"  not measured: {why}"])
    with bed(count) as somebody:
        lines += table(in_turns(_of_hosts(somebody, count), rounds), EACH)
    return Report(title, lines)


def _of_hosts(somebody: Control, count: int) -> dict[str, Callable[[], float]]:
    names = [f"spark{number}" for number in range(1, count + 1)]

    def one_after_another() -> None:
        for name in names:
            somebody.hosts.control(["ssh", "-n", name, "true"])

    def ask() -> None:
        done = somebody.user.run("facts", "-n", ",".join(names), "--json")
        if done.status:
            raise RuntimeError(done.err)

    return {
        EACH: stopwatch(one_after_another),
        "sparkup facts, which keeps connections": stopwatch(ask),
    }


def _here(rounds: int) -> tuple[str, list[str]]:
    """Return what one round trip on this machine takes."""
    facts = wanted(parse(Typed(command=COMMAND, surroundings={})))
    with own_place() as place, asyncio.Runner() as runner:
        local = Local()

        def timed(*argv: str) -> Callable[[], float]:
            return stopwatch(lambda: runner.run(local.run(Command(argv))))

        def look(asked: Facts) -> Callable[[], float]:
            return stopwatch(
                lambda: runner.run(Live({local.host.name: local}).look({local.host.name: asked}))
            )

        dry = (*MODULE, "launch", "--dry-run", "--", sys.executable, "-c", "pass")
        candidates = {
            BASE: timed(base_python(), "-c", "pass"),
            "a round trip without questions": look(()),
            "all facts of a launch": look(facts),
            "sparkup launch --dry-run": stopwatch(lambda: place.run(*dry)),
        }
        samples = in_turns(candidates, rounds)
    return f"facts of a launch: {len(facts)} facts in one round trip", table(samples, BASE)
