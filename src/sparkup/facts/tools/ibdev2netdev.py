"""What ibdev2netdev prints, with and without -v: which RDMA device is which network interface."""

import re
from dataclasses import dataclass

from sparkup.facts.tools.lines import integer, judged, known, lines

PAIR = re.compile(
    r"(?:^|\s)port\s+(?P<port>\d+)(?:\s*\((?P<port_state>[^)]*)\))?"
    r"\s*==>\s*(?P<netdev>[^\s(]*)\s*\((?P<state>[^)]*)\)"
)
NAMES = re.compile(
    r"(?:(?P<pci>[0-9a-fA-F:]+\.[0-7])\s+)?(?P<device>[\w.-]+)(?:\s+\(.*fw (?P<firmware>\S+))?$"
)
NAMES_BEFORE = re.compile(r"^(?:[\w.-]+:\s+)?")


@dataclass(frozen=True, slots=True)
class Pairing:
    """One port of an RDMA device and its interface. `port_state`, `pci`, `firmware`: told with -v alone."""

    device: str
    port: int | None
    netdev: str | None
    up: bool | None
    port_state: str | None = None  # ACTIVE, DOWN
    pci: str | None = None
    firmware: str | None = None


def parse(text: str) -> tuple[Pairing, ...] | None:
    """Read what ibdev2netdev printed, in its order; None for another text."""
    told = lines(text)
    return judged([pairing for line in told if (pairing := _pairing(line))], told)


def _pairing(line: str) -> Pairing | None:
    pair = PAIR.search(line)
    names = NAMES.match(NAMES_BEFORE.sub("", line[: pair.start()].strip(), count=1)) if pair else None
    if pair is None or names is None:
        return None
    return Pairing(
        device=names["device"],
        port=integer(pair["port"]),
        netdev=known(pair["netdev"]),
        up={"up": True, "down": False}.get(pair["state"].strip().lower()),
        port_state=known(pair["port_state"]),
        pci=names["pci"],
        firmware=names["firmware"],
    )
