"""What `ip neigh` prints, also with -j, and /proc/net/arp: who was seen behind which interface."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sparkup.facts.tools.lines import objects

ROW = re.compile(r"(?P<address>[0-9a-f]*[.:][0-9a-f.:]+) dev (?P<netdev>\S+)(?: (?P<rest>.*))?")
STATES = ("PERMANENT", "NOARP", "REACHABLE", "STALE", "NONE", "INCOMPLETE", "DELAY", "PROBE", "FAILED")
ARP_ROW = re.compile(
    r"(?P<address>[\d.]+) +0x\w+ +0x(?P<flags>\w+) +(?P<mac>[0-9a-fA-F:]{17}) +\S+ +(?P<netdev>\S+)"
)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An address that this host asked for, and who answered. `mac` is None where nobody has."""

    address: str
    netdev: str
    mac: str | None = None
    state: str | None = None  # REACHABLE, STALE, DELAY, PROBE, PERMANENT, FAILED, INCOMPLETE


def neighbours(text: str, told: Sequence[str]) -> list[Neighbour]:
    """Return the neighbours that a cleaned text tells of, in its order."""
    return list(_of_json(text) if objects(text) is not None else _of_lines(told))


def _of_json(text: str) -> Iterator[Neighbour]:
    for item in objects(text) or ():
        state = item.get("state")
        if {"dst", "dev"} <= item.keys() and isinstance(state, list):
            mac = item.get("lladdr")
            states = [str(each) for each in state]
            yield Neighbour(
                str(item["dst"]), str(item["dev"]), str(mac) if mac else None, states[0] if states else None
            )


def _of_lines(told: Sequence[str]) -> Iterator[Neighbour]:
    for line in told:
        if row := ROW.fullmatch(line):
            words = (row["rest"] or "").split()
            if state := next((word for word in words if word in STATES), None):
                mac = dict(pairwise(words)).get("lladdr")
                yield Neighbour(row["address"], row["netdev"], mac, state)
        elif arp := ARP_ROW.fullmatch(line):
            complete = int(arp["flags"], 16) & 2
            mac = arp["mac"].lower() if complete else None
            yield Neighbour(arp["address"], arp["netdev"], mac, None if complete else "INCOMPLETE")
