"""Times of several candidates, taken in turns, so that what else the machine does hits all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Times of one candidate, in seconds."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the middle one."""
        return statistics.median(self.times)

    @property
    def spread(self) -> float:
        """Return half the distance between the quartiles, as a share of the median."""
        if len(self.times) < 4:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4)
        return (high - low) / 2 / self.median


def in_turns(candidates: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Sample]:
    """Time candidates; each returns its own seconds. A first round warms caches and does not count."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            seconds = candidate()
            if number:
                times[name].append(seconds)
    return {name: Sample(tuple(found)) for name, found in times.items()}


def stopwatch(work: Callable[[], object]) -> Callable[[], float]:
    """Return a candidate that times the whole of some work."""

    def timed() -> float:
        begun = time.monotonic()
        work()
        return time.monotonic() - begun

    return timed


def table(samples: Mapping[str, Sample], base: str) -> list[str]:
    """Return a line a candidate: its ratio to the base, and the spread of its times."""
    width = max(map(len, samples))
    return [
        f"  {name:<{width}}  {sample.median / samples[base].median:6.2f} x  (spread ±{sample.spread:.0%})"
        for name, sample in samples.items()
    ]


def verdict(what: str, value: float, most: float) -> str:
    """Return a line that says whether a goal is met."""
    return f"  {'met' if value <= most else 'MISSED'}: {what}: {value:.2f}, at most {most:g}"


Lines = Sequence[str]
