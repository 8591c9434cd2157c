"""What perftest (ib_write_bw, ib_send_lat and their kin) and mlnx_perf print, in one unit: Gb/s and µs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_TITLE = re.compile(
    r"^\s*(?:RDMA_)?(\w+?)[ _]+(?:Bidirectional )?(Post List )?(BW|Latency)\b.*Test", re.IGNORECASE
)
_MEMBER = re.compile(r"([A-Z][\w *.()-]*?)\s*: *(\S+)")
_HEADER = re.compile(r"#\w+|[\w.%]+(?: [A-Za-z]+)?\[[^\]]+\]|tps average")
_COUNTER = re.compile(
    r"^\s*(?:\d+:\s*)?(?:(?P<interface>[A-Za-z][\w.]*)\s+)?(?P<counter>[rt]x_\w+):\s*(?P<bytes>[\d,]+)"
    r"(?:\s+(?P<unit>Bps|pps)\b)?"
)
_ERROR = re.compile(
    r"(?:Couldn't (?:connect|create|read|listen|initialize)|Unable to|[Ff]ailed to"
    r"|IB device \S+ not found|No IB devices|Completion with error|not supported|Connection refused)"
)
_BAD = ("NaN", "inf", "-nan", "nan")


@dataclass(frozen=True, slots=True)
class PerfRow:
    """One size of message in bytes: bandwidths in Gb/s, times in microseconds, messages in millions a second.

    `peak` is None where it was not measured (perftest prints 0.00).
    """

    size: int | None
    iterations: int | None
    peak: float | None = None
    average: float | None = None
    message_rate: float | None = None
    latency_min: float | None = None
    latency_max: float | None = None
    latency_typical: float | None = None
    latency_average: float | None = None
    latency_deviation: float | None = None
    latency_99: float | None = None
    latency_999: float | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter of an interface, as mlnx_perf shows it: Gb/s."""

    interface: str | None
    counter: str
    rate: float


@dataclass(frozen=True, slots=True)
class PerfTest:
    """One test. `kind`: bandwidth, latency or counters. Of the largest size: `average`, `peak`, `latency`.

    Bandwidths in Gb/s, times in microseconds. `device` is the RDMA device, `link` Ethernet (RoCE) or IB; with
    RDMA CM a RoCE port says IB as well.
    """

    kind: str
    verb: str | None = None  # write, read, send, atomic
    device: str | None = None
    link: str | None = None
    mtu: int | None = None  # bytes
    queue_pairs: int | None = None
    gid_index: int | None = None
    average: float | None = None
    peak: float | None = None
    latency: float | None = None
    rows: tuple[PerfRow, ...] = ()
    counters: tuple[Counter, ...] = ()
    error: str | None = None


def parse(text: str) -> tuple[PerfTest, ...] | None:
    """Return each test of a text, in order; None for another text."""
    lines = text.splitlines()
    titles = [(at, title) for at, line in enumerate(lines) if (title := _TITLE.match(line))]
    ends = [at for at, _ in titles[1:]] + [len(lines)]
    tests = [_test(title, lines[at:end]) for (at, title), end in zip(titles, ends, strict=False)]
    if counters := tuple(_counters(lines)):
        tests.append(PerfTest("counters", counters=counters))
    if not tests and (rows := tuple(_rows(lines))):
        tests.append(_of_rows(rows, {}, None, None))
    if not tests and (error := _error(lines)):
        tests.append(PerfTest("latency" if "_lat" in text else "bandwidth", error=error))
    return tuple(tests) or None


def _test(title: re.Match[str], lines: Sequence[str]) -> PerfTest:
    members = {name.strip(): value for line in lines for name, value in _MEMBER.findall(line)}
    return _of_rows(tuple(_rows(lines)), members, title, _error(lines))


def _error(lines: Sequence[str]) -> str | None:
    return next((line.strip() for line in lines if _ERROR.search(line)), None)


def _of_rows(
    rows: Sequence[PerfRow], members: Mapping[str, str], title: re.Match[str] | None, error: str | None
) -> PerfTest:
    last = max(rows, key=lambda row: row.size or 0, default=None)
    at_largest = [row for row in rows if last and row.size == last.size]
    is_latency = title[3].lower() != "bw" if title else bool(last and last.latency_average is not None)
    return PerfTest(
        kind="latency" if is_latency else "bandwidth",
        verb=title[1].lower() if title else None,
        device=members.get("Device"),
        link=members.get("Link type"),
        mtu=_whole(members.get("Mtu")),
        queue_pairs=_whole(members.get("Number of qps")),
        gid_index=_whole(members.get("GID index")),
        average=_mean([row.average for row in at_largest]),
        peak=max((row.peak for row in at_largest if row.peak is not None), default=None),
        latency=_mean(
            [
                row.latency_typical if row.latency_typical is not None else row.latency_average
                for row in at_largest
            ]
        ),
        rows=tuple(rows),
        error=None if rows else error,
    )


def _rows(lines: Sequence[str]) -> Iterator[PerfRow]:
    columns: list[str] = []
    for line in lines:
        if "#bytes" in line:
            columns = _HEADER.findall(line)
        elif columns and (cells := line.split()) and cells[0].isdigit() and len(cells) >= 3:
            values = dict(zip(columns, cells, strict=False))
            yield _row(values)


def _row(cells: Mapping[str, str]) -> PerfRow:
    values = {
        name.partition("[")[0].strip(): (_number(cell), name.partition("[")[2].rstrip("]"))
        for name, cell in cells.items()
    }

    def value(name: str) -> float | None:
        return values.get(name, (None, ""))[0]

    def rate(name: str) -> float | None:
        number, unit = values.get(name, (None, ""))
        return None if number is None else round(number * _UNITS.get(unit.lower(), 1.0), 4)

    peak = rate("BW peak")
    return PerfRow(
        size=_whole(cells.get("#bytes")),
        iterations=_whole(cells.get("#iterations")),
        peak=peak or None,
        average=rate("BW average"),
        message_rate=value("MsgRate"),
        latency_min=value("t_min"),
        latency_max=value("t_max"),
        latency_typical=value("t_typical"),
        latency_average=value("t_avg"),
        latency_deviation=value("t_stdev"),
        latency_99=value("99% percentile"),
        latency_999=value("99.9% percentile"),
    )


# perftest means 2²⁰ bytes by MB
_UNITS = {
    "gb/sec": 1.0,
    "mb/sec": 8 * (1 << 20) / 1e9,
    "mib/sec": 8 * (1 << 20) / 1e9,
    "gib/sec": 8 * (1 << 30) / 1e9,
}


def _counters(lines: Sequence[str]) -> Iterator[Counter]:
    for line in lines:
        match = _COUNTER.match(line)
        if match and match["unit"] == "Bps":
            rate = int(match["bytes"].replace(",", "")) * 8 / 1e9
            yield Counter(match["interface"], match["counter"], round(rate, 4))


def _mean(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return round(sum(found) / len(found), 4) if found else None


def _number(cell: str) -> float | None:
    try:
        return None if cell in _BAD else float(cell)
    except ValueError:
        return None


def _whole(cell: str | None) -> int | None:
    match = re.match(r"\d+", cell or "")
    return int(match[0]) if match else None
