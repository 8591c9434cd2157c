"""What nvidia-smi tells of a GPU and of the processes that use it, whichever way it prints that."""

import re
from dataclasses import dataclass

UNKNOWN = re.compile(
    r"\[?(n/?a|(gpu )?requested functionality.*|not (supported|available|found|active)|unknown error"
    r"|insufficient permissions|no data|err!?|unknown|deprecated|gpu is lost)[\]!]*|-+|",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
UNITS = {"B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "MB": 1 << 20}


@dataclass(frozen=True, slots=True)
class SmiGpu:
    """A GPU. Memory in bytes, watts, MHz, °C, percent. On a GB10 memory, limit and fan are never known."""

    index: int | None = None
    name: str | None = None
    uuid: str | None = None
    bus_id: str | None = None
    driver: str | None = None
    compute_capability: str | None = None
    performance_state: str | None = None  # P0 is the fastest
    persistence: bool | None = None
    temperature: float | None = None
    utilization: float | None = None
    memory_utilization: float | None = None
    clock: float | None = None  # of the SMs
    max_clock: float | None = None
    memory_clock: float | None = None
    power: float | None = None
    power_limit: float | None = None
    fan: float | None = None
    memory_total: int | None = None
    memory_used: int | None = None
    memory_free: int | None = None


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that uses a GPU. `memory` in bytes. `kind`: C (computes), G (draws), C+G."""

    name: str | None
    pid: int | None = None
    memory: int | None = None
    gpu: int | None = None
    kind: str | None = None


def word(cell: str) -> str | None:
    """Return a word, None for what nvidia-smi says of what it does not know."""
    cell = cell.strip()
    return None if UNKNOWN.fullmatch(cell) else cell


def number(cell: str) -> float | None:
    """Return the number that a cell begins with; None if there is none."""
    match = _NUMBER.match(cell.strip())
    return float(match[0].replace(",", ".")) if match else None


def whole_number(cell: str) -> int | None:
    """Return the number that a cell begins with, without what follows its point."""
    value = number(cell)
    return None if value is None else int(value)


def size(cell: str) -> int | None:
    """Return bytes; a number without a unit is MiB, as everywhere in nvidia-smi."""
    value, unit = number(cell), re.search(r"[A-Za-z]+", cell)
    return None if value is None else int(value * UNITS.get(unit[0].upper() if unit else "MIB", 1 << 20))


def switch(cell: str) -> bool | None:
    """Return whether something is on."""
    return {"enabled": True, "on": True, "disabled": False, "off": False}.get(cell.strip().lower())
