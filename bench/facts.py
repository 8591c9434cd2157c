"""One round trip for all facts of a launch, against the bare interpreter that answers it."""

import asyncio
import sys
from collections.abc import Callable

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


def measure(rounds: int) -> Report:
    """Return the report."""
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
    return Report(f"facts of a launch: {len(facts)} facts in one round trip", table(samples, BASE))
