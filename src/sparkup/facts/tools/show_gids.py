"""What show_gids prints: the table of addresses (GIDs) of each RDMA port."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from sparkup.facts.tools.lines import judged, lines

ROW = re.compile(
    r"(?:^|\s)(?P<device>\S+)\s+(?P<port>\d{1,4})\s+(?P<index>\d{1,5})\s+(?P<gid>[0-9a-fA-FxX]*:[0-9a-fA-FxX:.]+)(?P<rest>.*)"
)
VERSION = re.compile(r"(?:RoCE ?)?(v\d(?:\.\d)?)|IB", re.IGNORECASE)
NO_ROW = "n_gids_found=0", "INDEX"


@dataclass(frozen=True, slots=True)
class GidRow:
    """An entry of the table. NCCL wants one that is `version` v2 and has an `ipv4`."""

    device: str
    port: int
    index: int
    gid: str
    ipv4: str | None
    version: str | None  # v1, v2
    netdev: str | None


def parse(text: str) -> tuple[GidRow, ...] | None:
    """Read what show_gids printed, in its order; None for another text."""
    told = lines(text)
    return judged([_row(row) for line in told if (row := ROW.search(line))], told, *NO_ROW)


def _row(row: re.Match[str]) -> GidRow:
    words = row["rest"].split()
    addresses = [word for word in words if _is_address(word)]
    at = next((place for place, word in enumerate(words) if VERSION.fullmatch(word)), None)
    version = None if at is None else VERSION.fullmatch(words[at])
    return GidRow(
        device=row["device"],
        port=int(row["port"]),
        index=int(row["index"]),
        gid=row["gid"],
        ipv4=next(iter(addresses), None) or _mapped(row["gid"]),
        version=version[1].lower() if version and version[1] else None,
        netdev=_netdev(words, at, addresses),
    )


def _netdev(words: Sequence[str], at: int | None, addresses: Sequence[str]) -> str | None:
    """Return the last column; where no version is told it is what is no address."""
    rest = words[at + 1 :] if at is not None else [word for word in words if word not in addresses]
    return rest[-1] if rest else None


def _is_address(word: str) -> bool:
    try:
        return bool(IPv4Address(word))
    except ValueError:
        return False


def _mapped(gid: str) -> str | None:
    """Return the IPv4 address that a GID holds; of one that is masked nothing is known."""
    try:
        address = IPv6Address(gid).ipv4_mapped
    except ValueError:
        return None
    return str(address) if address else None
