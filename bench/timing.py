"""Times of several candidates, taken in turns, so that what else the machine does hits all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Candidates = Mapping[str, Callable[[], float]]
Samples = Mapping[str, Sequence[float]]  # of each candidate, one value a round


def in_turns(candidates: Candidates, rounds: int) -> dict[str, list[float]]:
    """Time candidates; each returns its own seconds.

    A first round warms caches and does not count, unless there is no other.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            seconds = candidate()
            if number or not rounds:
                times[name].append(seconds)
    return times


def stopwatch(work: Callable[[], object]) -> Callable[[], float]:
    """Return a candidate that times the whole of some work."""

    def timed() -> float:
        begun = time.monotonic()
        work()
        return time.monotonic() - begun

    return timed


def ratios(samples: Samples, name: str, base: str) -> list[float]:
    """Return how many times the base's time a candidate took, in each round."""
    return [mine / other for mine, other in zip(samples[name], samples[base], strict=True)]


def ratio(samples: Samples, name: str, base: str) -> float:
    """Return the median of the ratios."""
    return statistics.median(ratios(samples, name, base))


def middle_half(values: Sequence[float]) -> tuple[float, float]:
    """Return the quartiles; of few values, the least and the greatest."""
    if len(values) < 4:
        return min(values), max(values)
    low, _, high = statistics.quantiles(values, n=4)
    return low, high


def table(samples: Samples, base: str) -> list[str]:
    """Return a line a candidate: the median and the middle half of its ratios, and its time as context."""
    width = max(map(len, samples))
    return [_row(samples, name, base, width) for name in samples]


def _row(samples: Samples, name: str, base: str, width: int) -> str:
    found = ratios(samples, name, base)
    low, high = middle_half(found)
    spread = f"{low:.2f} to {high:.2f}"
    seconds = statistics.median(samples[name])
    return f"  {name:<{width}}  {statistics.median(found):7.2f} x  {spread:>17}  {1000 * seconds:9.1f} ms"
