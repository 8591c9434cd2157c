"""The memory of a host, which on a DGX Spark is that of its GPU as well: /proc/meminfo."""

import re
from dataclasses import dataclass

from sparkup.domain.fact import Answers, Fact, files, whole

MEMINFO = "/proc/meminfo"
_ROW = re.compile(r"^\s*(\w+(?:\(\w+\))?):\s+(\d+)(?:\s+(kB))?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """Sizes in bytes, None where a kernel does not say. `huge_pages` are kept from everybody else."""

    total: int
    available: int | None = None  # free, and what the page cache can give back
    free: int | None = None  # what the driver of the GPU counts as free
    buffers: int | None = None
    cached: int | None = None
    shared: int | None = None
    swap_total: int | None = None
    swap_free: int | None = None
    swap_used: int | None = None
    cma_total: int | None = None
    cma_free: int | None = None
    huge_pages: int | None = None  # how many
    huge_pages_free: int | None = None
    huge_page_size: int | None = None

    @property
    def lost_to_handover(self) -> bool:
        """Say whether Kexec HandOver holds memory: more is free in CMA than there is (users.md F19i)."""
        return self.cma_total is not None and self.cma_free is not None and self.cma_free > self.cma_total


def parse_meminfo(text: str) -> Memory | None:
    """Read /proc/meminfo, whole or a part that has MemTotal; None for another text."""
    rows = {name: int(number) * (1024 if unit else 1) for name, number, unit in _ROW.findall(text)}
    if "MemTotal" not in rows:
        return None
    swap, swap_free = rows.get("SwapTotal"), rows.get("SwapFree")
    return Memory(
        total=rows["MemTotal"],
        available=rows.get("MemAvailable"),
        free=rows.get("MemFree"),
        buffers=rows.get("Buffers"),
        cached=rows.get("Cached"),
        shared=rows.get("Shmem"),
        swap_total=swap,
        swap_free=swap_free,
        swap_used=None if swap is None or swap_free is None else swap - swap_free,
        cma_total=rows.get("CmaTotal"),
        cma_free=rows.get("CmaFree"),
        huge_pages=rows.get("HugePages_Total"),
        huge_pages_free=rows.get("HugePages_Free"),
        huge_page_size=rows.get("Hugepagesize"),
    )


def parse(answers: Answers) -> Memory:
    """Read the answers to MEMORY; raises ValueError where the kernel does not say."""
    memory = parse_meminfo(answers["meminfo"]["files"].get(MEMINFO, ""))
    if memory is None:
        raise ValueError(f"{MEMINFO} has no MemTotal")
    return memory


MEMORY = Fact("memory", {"meminfo": files(MEMINFO)}, parse, recorded=whole)
