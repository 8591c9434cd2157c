"""Whether a process of this login can use RDMA: the devices that libibverbs opens, and memory it may lock."""

import re
from dataclasses import dataclass

from sparkup.domain.fact import Answers, Fact, files, paths, whole

DEVICES = "/dev/infiniband"
LIMITS = "/proc/self/limits"  # what we start there inherits them
_LOCKED = re.compile(r"^Max locked memory\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verbs:
    """`locked`: bytes of memory that a process may lock, None for no limit, or where it is not known."""

    devices: bool  # the kernel shows RDMA devices to programs
    locked: int | None = None


def parse(answers: Answers) -> Verbs:
    """Read the answers to VERBS."""
    found = _LOCKED.search(answers["limits"]["files"].get(LIMITS, ""))
    locked = int(found[1]) if found and found[1].isdecimal() else None
    return Verbs(bool(answers["devices"]["paths"][DEVICES]["kind"]), locked)


VERBS = Fact(
    "verbs",
    {"devices": paths(DEVICES), "limits": files(LIMITS, max_bytes=4096, keep="Max locked memory")},
    parse,
    recorded=whole,
)
