"""What nccl-tests print: the bandwidth of each size of message, and whether their average may be believed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_PREFIX = re.compile(r"^(?:\[\d+,\d+\]<std\w+>:\s?|\S+: (?=#|\s*\d+\s+\d+\s))")  # of mpirun
_BEGUN = re.compile(r"^#?\s*Collective test starting: (\w+)|^#\s*nccl-tests version|^#\s*nThread \d+")
_NAME = re.compile(r"Collective test (?:starting|concluded): (\w+?)(?:_perf)?\s*$", re.MULTILINE)
_TESTS = re.compile(r"nccl-tests version (\S+)")
_LIBRARY = re.compile(r"nccl-library=(\d+)|NCCL version (\d+\.\d+\.\d+)")
_RANK = re.compile(r"^#\s+Rank\s+\d+ ", re.MULTILINE)
_AVERAGE = re.compile(r"Avg bus bandwidth\s*:\s*([\d.]+)")
_WRONG = re.compile(r"Out of bounds values\s*:\s*(\d+)\s*(\w+)")
_MESSAGES = re.compile(r"minBytes (\d+) maxBytes (\d+)")
_ERROR = re.compile(
    r"(?:Test (?:NCCL|CUDA) failure|Test failure|NCCL WARN|unhandled (?:system|cuda) error|MPI_ABORT"
    r"|failed with error)"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_TYPES = re.compile(r"u?int\d+|half|float|double|bfloat16|f8e\w+|float8\w*|fp8\w*")
SMALL = 1 << 26  # bytes: below it the latency counts, not the bandwidth


@dataclass(frozen=True, slots=True)
class Pass:
    """One way of running: into another buffer or in place. Microseconds, GB/s (10⁹ bytes)."""

    time: float | None
    algorithm_bandwidth: float | None
    bus_bandwidth: float | None
    wrong: int | None  # values; None: not validated


@dataclass(frozen=True, slots=True)
class Size:
    """One row: a size of message in bytes."""

    size: int
    count: int
    type: str | None
    operation: str | None
    root: int | None
    out_of_place: Pass | None
    in_place: Pass | None


@dataclass(frozen=True, slots=True)
class NcclTest:
    """One test. Bandwidths in GB/s, as nccl-tests have them.

    `bus_bandwidth` is that of the `largest` size, out of place, the mean of several runs: judge a link by
    it. `average` is over all sizes, which says little once small ones are among them: `average_misleads`.
    """

    test: str | None
    nccl: str | None
    tests_version: str | None
    ranks: int | None
    sizes: tuple[Size, ...]
    largest: int | None
    bus_bandwidth: float | None
    bus_bandwidth_in_place: float | None
    average: float | None
    average_misleads: bool
    valid: bool | None  # no value was wrong
    warnings: tuple[str, ...]
    error: str | None


def parse(text: str) -> tuple[NcclTest, ...] | None:
    """Return each test of a text, in order; None for another text."""
    lines = [_PREFIX.sub("", line) for line in text.splitlines()]
    tests = tuple(filter(None, (_test(part) for part in _parts(lines))))
    return tests or None


def _parts(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the lines of each test: a header begins one, unless nothing was measured since the last."""
    starts, measured = [0], False
    for at, line in enumerate(lines):
        if _BEGUN.match(line) and measured:
            starts.append(at)
            measured = False
        measured = measured or _row(line) is not None
    yield from (lines[start:end] for start, end in pairwise([*starts, len(lines)]))


def _test(lines: Sequence[str]) -> NcclTest | None:
    text = "\n".join(lines)
    rows = tuple(filter(None, map(_row, lines)))
    name, average, wrong = _NAME.search(text), _AVERAGE.search(text), _WRONG.search(text)
    error = next(filter(_ERROR.search, lines), None)
    if not rows and name is None and "nccl-tests" not in text and not _MESSAGES.search(text):
        return None
    largest = max((row.size for row in rows), default=None)
    at_largest = [row for row in rows if row.size == largest]
    asked = _MESSAGES.search(text)
    sizes = [row.size for row in rows] + ([int(asked[1])] if asked else [])
    misleads = average is not None and len({*sizes}) > 1 and min(sizes) < SMALL
    return NcclTest(
        test=name[1].removesuffix("_perf") if name else None,
        nccl=_library(text),
        tests_version=_first(_TESTS, text),
        ranks=len(_RANK.findall(text)) or None,
        sizes=rows,
        largest=largest,
        bus_bandwidth=_mean([row.out_of_place for row in at_largest]),
        bus_bandwidth_in_place=_mean([row.in_place for row in at_largest]),
        average=float(average[1]) if average else None,
        average_misleads=misleads,
        valid=_valid(wrong, rows),
        warnings=tuple(_warnings(rows, wrong, misleads=misleads)),
        error=error.strip() if error and not rows else None,
    )


def _row(line: str) -> Size | None:
    """Read size, count, then words (type, operation, root) as the test has them, then two passes of four."""
    cells = line.split()
    if len(cells) < 7 or not (cells[0].isdigit() and cells[1].isdigit()) or not _TYPES.fullmatch(cells[2]):
        return None
    words, numbers = cells[3:5], cells[3:]
    if words[0].isalpha() and words[0] != "N/A":
        operation, numbers = words[0], cells[4:]
    else:
        operation = None
    # A root is a whole number and leaves whole passes behind it.
    root = numbers[0] if len(numbers) % 4 == 1 and re.fullmatch(r"-?\d+", numbers[0]) else None
    if root is not None:
        numbers = numbers[1:]
    passes = [_pass(numbers[at : at + 4]) for at in range(0, len(numbers) - 3, 4)]
    if not passes:
        return None
    return Size(
        size=int(cells[0]),
        count=int(cells[1]),
        type=cells[2],
        operation=None if operation in (None, "none") else operation,
        root=None if root is None or int(root) < 0 else int(root),
        out_of_place=passes[0],
        in_place=passes[1] if len(passes) > 1 else None,
    )


def _pass(cells: Sequence[str]) -> Pass | None:
    time, algorithm, bus, wrong = (float(cell) if _NUMBER.fullmatch(cell) else None for cell in cells)
    if time is None and bus is None:
        return None
    return Pass(time, algorithm, bus, None if wrong is None else int(wrong))


def _mean(passes: Sequence[Pass | None]) -> float | None:
    found = [each.bus_bandwidth for each in passes if each and each.bus_bandwidth is not None]
    return round(sum(found) / len(found), 4) if found else None


def _valid(wrong: re.Match[str] | None, rows: Sequence[Size]) -> bool | None:
    if wrong is not None:
        return int(wrong[1]) == 0
    counted = [each.wrong for row in rows for each in (row.out_of_place, row.in_place) if each]
    known = [count for count in counted if count is not None]
    return not any(known) if known else None


def _warnings(rows: Sequence[Size], wrong: re.Match[str] | None, *, misleads: bool) -> Iterator[str]:
    if misleads:
        yield "the average is over small messages as well: judge by the bandwidth of the largest"
    if rows and max(row.size for row in rows) < SMALL:
        yield "the messages are too small to judge a link by: use 1 to 4 GiB"
    if _valid(wrong, rows) is False:
        yield "values were wrong: the result of the collective cannot be trusted"


def _library(text: str) -> str | None:
    """Return the version of NCCL; 22809 is 2.28.9."""
    match = _LIBRARY.search(text)
    if match is None or match[2]:
        return match[2] if match else None
    number = int(match[1])
    if number < 10000:  # before 2.9: 2708
        return f"{number // 1000}.{number // 100 % 10}.{number % 100}"
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None
