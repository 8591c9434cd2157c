"""How long the command line takes before it does anything: against the bare interpreter and a peer."""

import statistics
import sys
from collections.abc import Callable

from bench.peer import Peer, sparkrun
from bench.report import Goal, Report
from bench.surroundings import MODULE, ROOT, own_place
from bench.timing import Samples, in_turns, ratio, stopwatch, table

BASE = "python -c pass"
QUARTER = 0.25  # of the peer's time, at most
TENTH = 0.1  # seconds for --version, at most
WORDS = ("--version", "--help")


def measure(rounds: int, peer: Peer | None = None) -> Report:
    """Return the report; the peer is found or installed unless one is given."""
    peer = peer or sparkrun()
    entry = str(ROOT / "sparkup")
    with own_place() as place:

        def timed(*argv: str) -> Callable[[], float]:
            return stopwatch(lambda: place.run(*argv))

        candidates = {
            BASE: timed(sys.executable, "-c", "pass"),
            "python -I -c pass": timed(sys.executable, "-I", "-c", "pass"),
            **{f"./sparkup {word}": timed(entry, word) for word in WORDS},
            **{f"python -m sparkup {word}": timed(*MODULE, word) for word in WORDS},
            "python -m sparkup status": timed(*MODULE, "status"),
        }
        if peer.program:
            candidates |= {f"sparkrun {word}": timed(peer.program, word) for word in WORDS}
        samples = in_turns(candidates, rounds)
    remark = peer.why_not or f"compared with {peer.version}, which runs on a Python of its own"
    return Report("start-up", [*table(samples, BASE), f"  {remark}"], _goals(samples, peer))


def _goals(samples: Samples, peer: Peer) -> list[Goal]:
    seconds = statistics.median(samples["./sparkup --version"])
    goals = [Goal("seconds of ./sparkup --version", seconds, TENTH)]
    if peer.program:
        goals += [
            Goal(f"{ours} {word} / sparkrun {word}",
                 ratio(samples, f"{ours} {word}", f"sparkrun {word}"), QUARTER)
            for ours in ("./sparkup", "python -m sparkup")
            for word in WORDS
        ]  # fmt: skip
    return goals
