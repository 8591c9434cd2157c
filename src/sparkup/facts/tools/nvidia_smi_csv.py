"""`nvidia-smi --query-gpu=... --format=csv` and --query-compute-apps: rows with names above them, or without.

Rows without names are read by what their cells look like: units, P0, a version. What could be several things
(the bare numbers of `nounits`) stays unknown.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sparkup.facts.tools.nvidia_gpu import GpuProcess, SmiGpu, number, size, switch, whole_number, word

Reader = Callable[[str], Any]
Told = tuple[tuple[SmiGpu, ...] | None, tuple[GpuProcess, ...] | None]  # None is what was not asked for
# The names of the columns, as `nvidia-smi --help-query-gpu` has them.
_GPU: Mapping[str, tuple[str, Reader]] = {
    "index": ("index", whole_number),
    "name": ("name", word),
    "gpu_name": ("name", word),
    "uuid": ("uuid", word),
    "gpu_uuid": ("uuid", word),
    "pci.bus_id": ("bus_id", word),
    "gpu_bus_id": ("bus_id", word),
    "driver_version": ("driver", word),
    "compute_cap": ("compute_capability", word),
    "pstate": ("performance_state", word),
    "persistence_mode": ("persistence", switch),
    "temperature.gpu": ("temperature", number),
    "utilization.gpu": ("utilization", number),
    "utilization.memory": ("memory_utilization", number),
    "clocks.sm": ("clock", number),
    "clocks.current.sm": ("clock", number),
    "clocks.max.sm": ("max_clock", number),
    "clocks.mem": ("memory_clock", number),
    "clocks.current.memory": ("memory_clock", number),
    "power.draw": ("power", number),
    "power.draw.average": ("power", number),
    "power.draw.instant": ("power", number),
    "power.limit": ("power_limit", number),
    "enforced.power.limit": ("power_limit", number),
    "fan.speed": ("fan", number),
    "memory.total": ("memory_total", size),
    "memory.used": ("memory_used", size),
    "memory.free": ("memory_free", size),
}
_PROCESS: Mapping[str, tuple[str, Reader]] = {
    "pid": ("pid", whole_number),
    "process_name": ("name", word),
    "name": ("name", word),
    "used_gpu_memory": ("memory", size),
    "used_memory": ("memory", size),
}
# What a cell looks like, and what it is: of several alike in a row, one after the other. The second of two
# clocks may be any.
_LOOKS: Sequence[tuple[str, Sequence[str]]] = (
    (r"P\d{1,2}", ("performance_state",)),
    (r"-?\d+(\.\d+)? W", ("power", "power_limit")),
    (r"\d+(\.\d+)? %", ("utilization", "memory_utilization")),
    (r"\d+ MHz", ("clock",)),
    (r"\d+ MiB", ("memory_total", "memory_used", "memory_free")),
    (r"(?i)enabled|disabled", ("persistence",)),
    (r"(?i)(GPU|MIG)-[0-9a-f-]+", ("uuid",)),
    (r"[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d", ("bus_id",)),
    (r"\d{3,4}\.\d{2,3}(\.\d{2})?", ("driver",)),
    (r"\d{1,2}\.\d", ("compute_capability",)),
    (r"\d{1,2}\.\d\d", ("power", "power_limit")),  # nounits
)
_FIELDS = dict(_GPU.values())
_CARD = re.compile(r"(NVIDIA|Tesla|GeForce|Quadro|RTX|Orin|Thor|GB\d+|[AHBL]\d{2,3}\b)")
_HAS_UNIT = re.compile(r"\d (W|%|MHz|MiB)$")
_HOTTEST = 150
_TIME = re.compile(r"\d{4}/\d\d/\d\d [\d:.]+")


def parse(text: str) -> Told | None:
    """Return the GPUs and processes of rows of CSV; None for another text."""
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    except csv.Error:
        return None
    rows = [row for row in rows if any(row)]
    if not rows:
        return None
    names = [cell.partition("[")[0].strip().lower() for cell in rows[0]]
    if names and all(re.fullmatch(r"[a-z][a-z0-9_.]*", name) for name in names) and _named(names):
        return _under(names, rows[1:])
    gpus: list[SmiGpu] = []
    processes: list[GpuProcess] = []
    for row in rows:
        if (found := _process(row)) is not None:
            processes.append(found)
        elif (values := _looks(row)) or all(word(cell) is None for cell in row):
            gpus.append(SmiGpu(**values))
        else:
            return None
    return tuple(gpus) or None, tuple(processes) or None


def _named(names: Iterable[str]) -> bool:
    return any(name in _GPU or name in _PROCESS for name in names)


def _under(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Told:
    of_processes = bool({"pid", "process_name", "used_gpu_memory", "used_memory"} & set(names))
    columns = _PROCESS if of_processes else _GPU
    found = []
    for row in rows:
        values: dict[str, Any] = {"name": None} if of_processes else {}
        for name, cell in zip(names, row, strict=False):
            if name in columns:
                field, read = columns[name]
                values[field] = read(cell) if word(cell) is not None else None
        found.append(values)
    if of_processes:
        return None, tuple(GpuProcess(**values) for values in found)
    return tuple(SmiGpu(**values) for values in found), None


def _process(row: Sequence[str]) -> GpuProcess | None:
    """Return the process of a row that has a program and its memory, and nothing that GPUs alone have."""
    cells = [cell for cell in row if not re.match(r"GPU-|[0-9A-Fa-f]{8}:", cell) and not _CARD.match(cell)]
    memory = [cell for cell in cells if re.fullmatch(r"\d+ MiB", cell)]
    programs = [cell for cell in cells if re.match(r"[A-Za-z/.(\[_]", cell) and word(cell) is not None]
    pids = [cell for cell in cells if re.fullmatch(r"\d+", cell)]
    others = len(cells) - len(memory) - len(programs) - len(pids)
    unknown = sum(word(cell) is None for cell in cells)
    if (
        len(programs) != 1
        or others != unknown
        or len(memory) + unknown > 1
        or re.fullmatch(r"P\d{1,2}", programs[0])
    ):
        return None
    if not memory and not pids:
        return None
    # Without units the last number is the memory, where there is one before it.
    pid = pids[0] if pids and (memory or unknown or len(pids) > 1) else None
    used = memory or pids[1:] or ([] if pid or unknown else pids)
    return GpuProcess(programs[0], int(pid) if pid else None, size(used[0]) if used else None)


def _looks(row: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    united = any(_HAS_UNIT.search(cell) for cell in row)
    for place, cell in enumerate(row):
        if word(cell) is None or _TIME.fullmatch(cell):
            continue
        field = _field(cell, values)
        if field is None and cell.isdigit():
            # A temperature is the one number that never has a unit.
            warm = united and int(cell) < _HOTTEST and "temperature" not in values
            field = "index" if _before_name(row, place) else "temperature" if warm else None
        if field is None and "name" not in values and re.match(r"[A-Za-z]", cell) and len(cell) > 2:
            field = "name" if _CARD.match(cell) else None
        if field is not None:
            values[field] = _FIELDS[field](cell)
    return values


def _before_name(row: Sequence[str], place: int) -> bool:
    return place == 0 and len(row[place]) <= 2 and len(row) > 1 and bool(_CARD.match(row[1]))


def _field(cell: str, taken: Mapping[str, object]) -> str | None:
    for pattern, fields in _LOOKS:
        if re.fullmatch(pattern, cell):
            return next((field for field in fields if field not in taken), None)
    return None
