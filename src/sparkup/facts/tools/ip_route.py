"""What `ip route` prints, also with -j, and /proc/net/route: through which interface packets go where."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

from sparkup.facts.tools.lines import integer, objects

NETWORK = r"\d+(?:\.\d+){3}(?:/\d+)?"
ROW = re.compile(
    r"(?:(?P<kind>unreachable|blackhole|prohibit|throw|local|broadcast|unicast) )?"
    rf"(?P<to>default|{NETWORK})(?: .*)?"
)


@dataclass(frozen=True, slots=True)
class Route:
    """A way. `netdev` is None for networks that packets are kept from (kind: unreachable, blackhole)."""

    to: str  # a network, or 0.0.0.0/0
    netdev: str | None
    gateway: str | None = None
    source: str | None = None
    metric: int | None = None
    kind: str | None = None


def routes(text: str, told: Sequence[str]) -> list[Route]:
    """Return the IPv4 routes that a cleaned text tells of, in its order."""
    return list(_of_json(text) if objects(text) is not None else _of_lines(told))


def _of_json(text: str) -> Iterator[Route]:
    for item in objects(text) or ():
        row = ROW.fullmatch(str(item.get("dst")))
        if row and not isinstance(item.get("state"), list):
            words = {name: str(value) for name, value in item.items() if isinstance(value, str | int)}
            yield from _ways(row["to"], words.get("type"), words, item.get("nexthops"))


def _of_lines(told: Sequence[str]) -> Iterator[Route]:
    to = ""
    for line in told:
        words = line.split()
        ways = dict(pairwise(words))
        if words[0] == "nexthop" and to:  # one of several ways to what the line before has
            yield from _ways(to, None, ways, None)
        elif len(words) == 11 and re.fullmatch(r"[0-9A-F]{8}", words[1]):
            yield _of_proc(words)
        elif row := ROW.fullmatch(line.strip()):
            to = row["to"]
            if row["kind"] or ways.keys() & {"dev", "via"}:
                yield from _ways(to, row["kind"], ways, None)


def _ways(to: str, kind: str | None, words: Mapping[str, str], hops: object) -> Iterator[Route]:
    for hop in hops if isinstance(hops, list) else [words]:
        each = {**words, **{str(name): str(value) for name, value in hop.items()}}
        yield Route(
            to=str(IPv4Network("0.0.0.0/0" if to == "default" else to, strict=False)),
            netdev=each.get("dev"),
            gateway=each.get("gateway", each.get("via")),
            source=each.get("prefsrc", each.get("src")),
            metric=integer(each.get("metric")),
            kind=kind,
        )


def _of_proc(words: Sequence[str]) -> Route:
    """Read a row of /proc/net/route, whose addresses have their bytes the other way round."""
    to, gateway, mask = (IPv4Address(bytes.fromhex(words[at])[::-1]) for at in (1, 2, 7))
    via = str(gateway) if int(gateway) else None
    return Route(str(IPv4Network(f"{to}/{mask}")), words[0], via, metric=integer(words[6]))
