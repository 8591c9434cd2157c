"""The table of llama-benchy: tokens a second for each test, by how many ask at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TEST = re.compile(r"(pp|tg)(\d+)(?:.*?@ ?d?(\d+))?(?:.*\(c(\d+)\))?")
_VALUE = re.compile(r"(\d+(?:\.\d+)?)(?:\s*(?:±|\+/-)\s*(\d+(?:\.\d+)?))?")
_VERSION = re.compile(r"llama-benchy \(([\d.]+[\w.]*)\)")
_DATE = re.compile(r"date: ([\d-]+ [\d:]+)")


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean and its deviation."""

    mean: float
    deviation: float | None


@dataclass(frozen=True, slots=True)
class BenchyRow:
    """A test. `kind`: pp (reads a prompt), tg (writes). Tokens a second; milliseconds."""

    model: str
    test: str
    kind: str | None
    tokens: int | None
    depth: int | None  # tokens that stand before the prompt
    concurrency: int | None
    total: Measured | None  # of all requests together
    per_request: Measured | None
    peak: Measured | None
    peak_per_request: Measured | None
    first_response: Measured | None
    estimated_prompt_time: Measured | None
    first_token: Measured | None


@dataclass(frozen=True, slots=True)
class Benchy:
    """A run of llama-benchy."""

    version: str | None
    date: str | None
    rows: tuple[BenchyRow, ...]


def parse(text: str) -> Benchy | None:
    """Read the table; None for another text."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if not rows or "test" not in rows[0] or not any(cell.startswith("t/s") for cell in rows[0]):
        return None
    header = rows[0]
    body = [row for row in rows[1:] if len(row) == len(header) and not set("".join(row)) <= set(":- ")]
    version, date = _VERSION.search(text), _DATE.search(text)
    return Benchy(
        version=version[1] if version else None,
        date=date[1] if date else None,
        rows=tuple(_row(header, row) for row in body),
    )


def _row(header: Sequence[str], row: Sequence[str]) -> BenchyRow:
    cells = dict(zip(header, row, strict=True))
    test = _TEST.match(cells["test"])

    def measured(*names: str) -> Measured | None:
        match = next((found for name in names if (found := _VALUE.match(cells.get(name, "")))), None)
        return Measured(float(match[1]), float(match[2]) if match[2] else None) if match else None

    return BenchyRow(
        model=cells.get("model", ""),
        test=cells["test"],
        kind=test[1] if test else None,
        tokens=int(test[2]) if test else None,
        depth=int(test[3]) if test and test[3] else None,
        concurrency=int(test[4]) if test and test[4] else None,
        total=measured("t/s (total)", "t/s"),
        per_request=measured("t/s (req)"),
        peak=measured("peak t/s"),
        peak_per_request=measured("peak t/s (req)"),
        first_response=measured("ttfr (ms)"),
        estimated_prompt_time=measured("est_ppt (ms)"),
        first_token=measured("e2e_ttft (ms)"),
    )
