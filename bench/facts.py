"""One round trip for all facts of a launch."""

import sys

from bench.surroundings import MODULE, own_state, quietly
from bench.timing import Lines, in_turns, stopwatch, table


def measure(rounds: int) -> Lines:
    """Return the report."""
    with own_state() as env:
        candidates = {
            "python -c pass": stopwatch(lambda: quietly((sys.executable, "-c", "pass"))),
            "sparkup launch --dry-run": stopwatch(
                lambda: quietly((*MODULE, "launch", "--dry-run", "--", "sleep", "1"), env)
            ),
            "the same --offline": stopwatch(
                lambda: quietly((*MODULE, "launch", "--dry-run", "--offline", "--", "sleep", "1"), env)
            ),
        }
        samples = in_turns(candidates, rounds)
    lines = ["facts of a launch, in one round trip", *table(samples, "python -c pass")]
    online, offline = samples["sparkup launch --dry-run"].median, samples["the same --offline"].median
    return [*lines, f"  asking this machine takes {(online - offline) / online:.0%} of a dry run"]
