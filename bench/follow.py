"""Following a log: how fast, how late, with how much memory and processor, and whether every line comes."""

import shlex
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.logs import WRITER, Logs
from bench.reader import follow
from bench.report import Goal, Report
from bench.surroundings import MODULE, own_place
from bench.timing import in_turns, table
from bench.writer import LENGTH

MEMORY = 64  # MB, at most, however long the log is
LAG = 0.5  # seconds from a line that is written to a line that is read, at most


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is written: in MB as fast as it can be, and at a pace in MB a second for some seconds."""

    whole: float = 100
    pace: float = 10
    seconds: float = 4


FULL = Sizes()


def measure(rounds: int, sizes: Sizes = FULL) -> Report:
    """Return the report on logs of these sizes."""
    with own_place() as place:
        logs = Logs(place)
        lines = [*_at_rest(logs, rounds, sizes), *_growing(logs, rounds, sizes)]
        lines += _paced(logs, rounds // 2, sizes)
    ours = [each for who, all_of in logs.found.items() if "sparkup" in who for each in all_of]
    lags = sorted(lag for each in logs.found["paced: sparkup logs -f"] for lag in each.lags)
    goals = [
        Goal("logs that did not come whole and unchanged", len(logs.wrong), 0),
        Goal("peak memory of the command line, MB", max(each.peak for each in ours) / 1e6, MEMORY),
        Goal("seconds that 99 of 100 reads lag", lags[len(lags) * 99 // 100], LAG),
    ]
    return Report(f"a log of {sizes.whole:g} MB", lines, goals)


def _lines(megabytes: float) -> int:
    return int(megabytes * 1_000_000) // LENGTH


def _at_rest(logs: Logs, rounds: int, sizes: Sizes) -> list[str]:
    """Time until the last line of a log that is there already, of a launch that lives."""
    count = _lines(sizes.whole)
    size, name = count * LENGTH, logs.start(count)
    logs.written(name, size)

    def timed(who: str, argv: Sequence[str]) -> Callable[[], float]:
        return lambda: logs.follow(who, argv, name, size).seconds

    followers = {"tail -f": logs.tail(name), "cat": ("cat", str(logs.path(name))),
                 "sparkup logs -f": logs.ours(name)}  # fmt: skip
    samples = in_turns({who: timed(who, argv) for who, argv in followers.items()}, rounds)
    logs.place.sparkup("stop", name)
    speed = size / statistics.median(samples["sparkup logs -f"]) / 1e6
    return [
        "  until the last line of a log that is there:",
        *table(samples, "tail -f"),
        f"  that is {speed:.0f} MB/s",
        *_cost(logs, "tail -f", "sparkup logs -f"),
    ]


def _growing(logs: Logs, rounds: int, sizes: Sizes) -> list[str]:
    """Time until the last line of a log that is written as fast as its writer can, from the start."""
    count = _lines(sizes.whole)
    size = count * LENGTH
    file = shlex.quote(str(logs.place.folder / "log"))

    def piped() -> float:
        script = f"{shlex.join((*WRITER, str(count), '0'))} | tee {file}"
        return follow(("sh", "-c", script), logs.place.env, size).seconds

    def attached() -> float:
        words = ("launch", "--name", "grows", "--progress", "quiet", "--", *WRITER, str(count), "0")
        return follow((*MODULE, *words), logs.place.env, size).seconds

    def kept() -> float:
        begun, name = time.monotonic(), logs.start(count)
        logs.follow("growing: sparkup logs -f", logs.ours(name), name, size)
        seconds = time.monotonic() - begun
        logs.place.sparkup("stop", name)
        return seconds

    candidates = {"writer | tee FILE": piped, "sparkup launch": attached, "launch -d, then logs -f": kept}
    samples = in_turns(candidates, rounds)
    return ["  written, kept and read at once, from the command on:", *table(samples, "writer | tee FILE")]


def _paced(logs: Logs, rounds: int, sizes: Sizes) -> list[str]:
    """Tell how late lines come while the log grows steadily, for each follower alone."""
    count = _lines(sizes.pace * sizes.seconds)

    def lag(who: str, argv_of: Callable[[str], tuple[str, ...]]) -> Callable[[], float]:
        def timed() -> float:
            name = logs.start(count, int(sizes.pace * 1_000_000), waits=True)
            followed = logs.follow(who, argv_of(name), name, count * LENGTH)
            logs.place.sparkup("stop", name)
            return statistics.median(followed.lags)

        return timed

    followers = {"paced: tail -f": logs.tail, "paced: sparkup logs -f": logs.ours}
    samples = in_turns({who: lag(who, argv_of) for who, argv_of in followers.items()}, rounds)
    last = {who: statistics.median(each.lags[-1] for each in logs.found[who]) for who in followers}
    words = ", ".join(f"{who.partition(': ')[2]} {1000 * seconds:.0f} ms" for who, seconds in last.items())
    return [
        f"  lag of a line while {sizes.pace:g} MB/s are written:",
        *table(samples, "paced: tail -f"),
        f"  lag of the last line: {words}",
        *_cost(logs, "paced: tail -f", "paced: sparkup logs -f"),
    ]


def _cost(logs: Logs, base: str, name: str) -> list[str]:
    """Compare the processor time of two followers, and tell the memory of ours."""
    theirs, ours = (statistics.median(each.processor for each in logs.found[who]) for who in (base, name))
    peak = max(each.peak for each in logs.found[name]) / 1e6
    return [f"  processor time {ours:.2f} s ({ours / theirs:.1f} x), peak memory {peak:.0f} MB"]
