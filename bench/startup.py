"""How long the command line takes before it does anything: against the bare interpreter and a peer."""

import sys
from collections.abc import Callable

from bench.surroundings import MODULE, ROOT, own_state, quietly, sparkrun
from bench.timing import Lines, in_turns, stopwatch, table, verdict

QUARTER = 0.25  # of the peer's time
TENTH = 0.1  # seconds for --version


def measure(rounds: int) -> Lines:
    """Return the report."""
    peer = sparkrun()
    with own_state() as env:

        def timed(*argv: str) -> Callable[[], float]:
            return stopwatch(lambda: quietly(argv, env))

        candidates = {
            "python -c pass": timed(sys.executable, "-c", "pass"),
            "./sparkup --version": timed(str(ROOT / "sparkup"), "--version"),
            "./sparkup --help": timed(str(ROOT / "sparkup"), "--help"),
            "sparkup --version": timed(*MODULE, "--version"),
            "sparkup --help": timed(*MODULE, "--help"),
            "sparkup status": timed(*MODULE, "status"),
        }
        if peer is not None:
            candidates |= {f"sparkrun {word}": timed(*peer, word) for word in ("--version", "--help")}
        samples = in_turns(candidates, rounds)
    lines = ["start-up", *table(samples, "python -c pass")]
    lines.append(verdict("seconds of ./sparkup --version", samples["./sparkup --version"].median, TENTH))
    if peer is None:
        return [*lines, "  sparkrun cannot be installed here: not compared"]
    for word in ("--version", "--help"):
        ratio = samples[f"./sparkup {word}"].median / samples[f"sparkrun {word}"].median
        lines.append(verdict(f"./sparkup {word} as a share of sparkrun's time", ratio, QUARTER))
    return lines
