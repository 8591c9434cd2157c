"""Checks of memory, which on a DGX Spark is that of its GPU: what cannot fit freezes the machine."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sparkup.commands.vllm import with_options
from sparkup.domain.check import Check, Finding, Level
from sparkup.domain.fact import Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import Launch
from sparkup.facts.dgx import DGX
from sparkup.facts.environments import ENVIRONMENTS
from sparkup.facts.memory import MEMORY
from sparkup.planning.gates_subject import GIB, Gate, Subject, missing
from sparkup.planning.serving import mine

SHARE, CACHE = "--gpu-memory-utilization", "--kv-cache-memory-bytes"
# What a Spark gives that runs nothing else leaves SPARE with FIT; vLLM's own default leaves 1 to 6 GiB.
FIT, DEFAULT = "0.85", "0.92"
SPARE = 8 * GIB  # what the system needs beside the engine (users.md F22, F23)
# The page cache fills the memory, and what can be given only by emptying it is most of what is asked for.
FREE, HELD = 4 * GIB, 20 * GIB
# As vLLM reads it: small letters count by 1000, capital ones by 1024.
SIZE = re.compile(r"(\d+(?:\.\d+)?)([kmgtKMGT]?)")
UNITS = {"": 1, **{unit: 1000**n for n, unit in enumerate("kmgt", 1)}}
UNITS |= {unit.upper(): 1024**n for n, unit in enumerate("kmgt", 1)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command asks of a machine's memory. Bytes, and how it says so."""

    size: int
    how: str
    least: bool = False  # the weights come on top


def with_share(subject: Subject) -> tuple[list[Launch], tuple[str, ...]]:
    """Return what is to run, and a note: vLLM that names no share of a Spark's memory gets FIT."""
    said = subject.serve is None or subject.option(SHARE) or subject.option(CACHE) or _elsewhere(subject)
    if said or any(missing(CHECKS[0], subject)) or not any(subject.sparks()):
        return [*subject.drafts], ()
    drafts = [replace(draft, argv=with_options(draft.argv, SHARE, FIT)) for draft in subject.drafts]
    return drafts, (f"{SHARE} {FIT}, as the command says none: vLLM's own {DEFAULT} can freeze a Spark",)


def _elsewhere(subject: Subject) -> bool:
    """Say whether a file may name the share of which we know nothing: one that is in an image alone."""
    return subject.serve is not None and bool(subject.serve.config) and not subject.config


def asked(subject: Subject, total: int) -> Asked | None:
    """Return what vLLM will take of so many bytes; None for what is no vLLM, or says what cannot be read."""
    if subject.serve is None:
        return None
    if (cache := subject.option(CACHE)) is not None:
        size = _size(cache)
        return None if size is None else Asked(size, f"{CACHE} {cache}", least=True)
    said = subject.option(SHARE)
    default = DEFAULT if _elsewhere(subject) else FIT
    share = _share(default if said is None else said)
    if share is None:
        return None
    return Asked(int(total * share), f"{SHARE} {share:g}{' by default' if said is None else ''}")


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value <= 1 else None


def _size(text: str) -> int | None:
    found = SIZE.fullmatch(text)
    return int(float(found[1]) * UNITS[found[2]]) if found else None


def _fits(subject: Subject) -> Iterator[Finding]:
    """Compare what is asked with what the kernel can give."""
    for seen, _ in subject.sparks():
        memory = seen[MEMORY]
        wanted, available = asked(subject, memory.total), memory.available
        if subject.serve is not None and (wanted is None or available is None):
            why = "the kernel does not say what is available" if wanted else f"{SHARE} or {CACHE} is no size"
            yield Finding("unknown", "mem.avail", why, seen.host)
        elif wanted is None or available is None:
            continue
        elif available < wanted.size:
            yield Finding("fail", "mem.avail", _short(wanted, available), seen.host, _remedy(seen))
        elif available < wanted.size + SPARE:
            left = gib(available - wanted.size)
            more = "before the weights" if wanted.least else "for all else"
            message = (
                f"{wanted.how} leaves {left} of {gib(available)} {more}; below {gib(SPARE)} it may freeze"
            )
            yield Finding("warn", "mem.avail", message, seen.host, _lower(available, memory.total))


def _short(wanted: Asked, available: int) -> str:
    return f"{wanted.how} is {gib(wanted.size)}, and {gib(available)} are available"


def _remedy(seen: Seen) -> str:
    """Say what could give memory back, or how to ask for less."""
    running = [rank.launch for rank in mine(seen) if rank.alive]
    stop = (
        follow_up("stop", running[0], seen.host) if running else "stop what holds it (docker ps, nvidia-smi)"
    )
    memory = seen[MEMORY]
    return f"{stop}; or {_lower(memory.available or 0, memory.total)}"


def _lower(available: int, total: int) -> str:
    share = math.floor((available - SPARE) / total * 100) / 100
    return f"{SHARE} {share:.2f} fits" if share > 0 else "nothing fits beside it"


def _cached(subject: Subject) -> Iterator[Finding]:
    """Say that the page cache holds what a driver may count as taken (users.md F20).

    vLLM itself asks what is available; the driver, and what older versions ask, is what is free.
    """
    for seen, _ in subject.sparks():
        memory = seen[MEMORY]
        wanted = asked(subject, memory.total)
        if wanted is None or memory.available is None or memory.free is None:
            continue
        held = memory.available - memory.free
        if memory.free < FREE and held > HELD and wanted.size <= memory.available:
            message = (
                f"only {gib(memory.free)} are free of the page cache, and {wanted.how} is {gib(wanted.size)}"
            )
            hint = "if vLLM finds too little: sync; echo 3 | sudo tee /proc/sys/vm/drop_caches"
            yield Finding("warn", "mem.cache", message, seen.host, hint)


def _handover(subject: Subject) -> Iterator[Finding]:
    """Find the kernel whose handover has lost memory: RDMA can then register none (users.md F19i)."""
    for seen in subject.hosts:
        if seen[MEMORY].lost_to_handover:
            level: Level = "fail" if subject.rdma else "warn"
            message = (
                "Kexec HandOver of this kernel holds memory: 24 GiB are gone, and RDMA can register none"
            )
            hint = "install nvidia-spark-grub-kho, or boot with kho=off or an older kernel"
            yield Finding(level, "sys.kho", message, seen.host, hint)


def gib(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / GIB:.1f} GiB"


NEEDS = (MEMORY, DGX, ENVIRONMENTS)
CHECKS: tuple[Gate, ...] = (
    Check("mem.avail", NEEDS, _fits, refuses="no-memory"),
    Check("mem.cache", NEEDS, _cached, refuses="no-memory"),
    Check("sys.kho", (MEMORY,), _handover, refuses="no-fabric"),
)
