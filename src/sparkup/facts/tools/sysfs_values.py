"""The values of RDMA devices and interfaces as the kernel's files below /sys/class have them."""

import re

from sparkup.facts.tools.lines import decimal, integer

ZERO = "0000:0000:0000:0000:0000:0000:0000:0000"


def named(value: str | None) -> str | None:
    """Return the name in "4: ACTIVE" or "PORT_ACTIVE (4)"; None without one."""
    match = re.fullmatch(r"\s*(?:\d+:\s*)?([A-Za-z]\w*)\s*(?:\(\d+\))?\s*", value or "")
    return match[1] if match else None


def rate(value: str | None) -> float | None:
    """Return Gb/s from "200 Gb/sec (4X HDR)"."""
    return decimal(value)


def speed(value: str | None) -> int | None:
    """Return Mb/s from what a port tells of its speed: one that is down tells -1, or 4294967295."""
    number = integer(value)
    return number if number is not None and 0 < number < 2**31 - 1 else None


def gid(value: str | None) -> str | None:
    """Return an address of an RDMA port's table, None for an entry that is free."""
    word = (value or "").strip().lower()
    return word if re.fullmatch(r"(?:[0-9a-f]{4}:){7}[0-9a-f]{4}", word) and word != ZERO else None


def cage(phys_port_name: str | None) -> str | None:
    """Return the cage from "p0"; a function of a virtual machine ("pf0vf0") has none."""
    word = (phys_port_name or "").strip()
    return word if re.fullmatch(r"p\d+", word) else None
