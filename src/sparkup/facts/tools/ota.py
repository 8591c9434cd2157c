"""Updates of a DGX: what nvidia-spark-ota-check says of them, and the versions of its firmware."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SUMMARY = re.compile(
    r"^\s*(detected_ota|match|total_checks|passed_checks|failed(?:_checks)?|torn|releaseDate|name)"
    r"\s*[:=\t ]\s*(.*?)\s*$",
    re.MULTILINE,
)
_RAW = re.compile(r"0x[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class Firmware:
    """A part and its version. `raw`: the number behind the version, as fwupd and sysfs show it."""

    component: str
    version: str | None
    raw: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Ota:
    """`torn`: how many parts are of another release than the rest. `match` in percent."""

    release: str | None = None
    release_date: str | None = None
    torn: int | None = None
    match: float | None = None
    total_checks: int | None = None
    passed_checks: int | None = None
    failed: tuple[str, ...] | None = None
    firmware: tuple[Firmware, ...] | None = None


def parse(text: str) -> Ota | None:
    """Read `nvidia-spark-ota-check` summary or torn-score, or a table of firmware; None for another text."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].split("\t")[0].strip().lower() == "component":
        return Ota(firmware=tuple(_firmware(line.split("\t")) for line in lines[1:]))
    values = _object(text) or dict(_SUMMARY.findall(text))
    if not values.keys() & {"detected_ota", "match", "torn", "total_checks", "releaseDate"}:
        return None
    return Ota(
        release=_word(values.get("detected_ota", values.get("name"))),
        release_date=_word(values.get("releaseDate")),
        torn=_whole(values.get("torn")),
        match=_number(values.get("match")),
        total_checks=_whole(values.get("total_checks")),
        passed_checks=_whole(values.get("passed_checks")),
        failed=_list(values.get("failed", values.get("failed_checks"))),
    )


def decoded(raw: str) -> str:
    """Return the version in a number of four bytes: 0x02009b0b is 2.155.11."""
    number = int(raw, 16)
    return f"{number >> 24}.{number >> 8 & 0xFFFF}.{number & 0xFF}"


def _firmware(cells: list[str]) -> Firmware:
    component, version, raw = ((cell.strip() or None) for cell in [*cells, "", "", ""][:3])
    version, raw = (None if cell == "-" else cell for cell in (version, raw))
    number = _RAW.fullmatch(raw) if raw else None
    if version is None and number:
        version = decoded(number[0])
    return Firmware(component or "", version, number[0] if number else None, None if number else raw)


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _word(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None


def _number(value: object) -> float | None:
    found = re.match(r"\d+(?:\.\d+)?", str(value))
    return float(found[0]) if found else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _list(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    items: Iterable[object] = value if isinstance(value, list) else re.findall(r"[^\s\[\],'\"]+", str(value))
    return tuple(str(item) for item in items)
