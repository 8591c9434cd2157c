"""The table that `nvidia-smi` prints without options, as drivers 450 to 610 draw it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparkup.facts.tools.nvidia_gpu import GpuProcess, SmiGpu, number, size, switch, word

_DRIVER = re.compile(r"(?:Driver|KMD) Version:\s*([\d.]+)")
_CUDA = re.compile(r"CUDA (?:UMD |Driver )?Version:\s*([\d.]+)")
_FIRST = re.compile(
    r"\|\s+(?P<index>\d+)\s+(?P<name>\S.*?)\s+(?P<persistence>On|Off|N/A)\s+\|"
    r"\s+(?P<bus>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s"
)
_SECOND = re.compile(
    r"\|\s*(?P<fan>\d+%|N/A|ERR!|\[?[\w ]+\]?)\s+(?P<temp>\d+C|N/A|ERR!)\s+(?P<perf>P\d+|N/A|ERR!)"
    r"\s+(?P<power>\S+)\s*/\s*(?P<limit>\S+)\s*\|(?P<memory>[^|]*)\|\s*(?P<util>\S+)"
)
_PROCESS = re.compile(
    r"\|\s+(?P<gpu>\d+)\s+(?:\S+\s+\S+\s+)?(?P<pid>\d+)\s+(?P<kind>C\+G|C|G|M\+C)\s+(?P<name>\S.*?)"
    r"\s+(?P<memory>\d+MiB|N/A)\s*\|"
)


@dataclass(frozen=True, slots=True)
class Table:
    """What the table says."""

    driver: str | None
    cuda: str | None  # the newest CUDA that the driver can run
    gpus: tuple[SmiGpu, ...]
    processes: tuple[GpuProcess, ...]


def parse(text: str) -> Table | None:
    """Read the table; None for another text."""
    driver, cuda = _DRIVER.search(text), _CUDA.search(text)
    if "NVIDIA-SMI" not in text or driver is None:
        return None
    gpus = tuple(_gpus(text.splitlines(), driver[1]))
    processes = tuple(
        GpuProcess(match["name"], int(match["pid"]), size(match["memory"]), int(match["gpu"]), match["kind"])
        for match in _PROCESS.finditer(text)
    )
    return Table(driver[1], cuda[1] if cuda else None, gpus, processes)


def _gpus(lines: Sequence[str], driver: str) -> list[SmiGpu]:
    found: list[SmiGpu] = []
    for line in lines:
        if first := _FIRST.match(line):
            persistence, name = switch(first["persistence"]), word(first["name"])
            found.append(
                SmiGpu(int(first["index"]), name, bus_id=first["bus"], driver=driver, persistence=persistence)
            )
        elif found and found[-1].utilization is None and (second := _SECOND.match(line)):
            found[-1] = _with(found[-1], second)
    return found


def _with(gpu: SmiGpu, row: re.Match[str]) -> SmiGpu:
    used, _, total = row["memory"].partition("/")
    return replace(
        gpu,
        performance_state=word(row["perf"]),
        temperature=number(row["temp"]),
        utilization=number(row["util"]),
        power=number(row["power"]),
        power_limit=number(row["limit"]),
        fan=number(row["fan"]),
        memory_used=size(used),
        memory_total=size(total),
    )
