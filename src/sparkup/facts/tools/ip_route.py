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
HEXADECIMAL = re.compile(r"[0-9A-F]{8}")


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
    to, last = "", dict[str, str]()
    for line in told:
        words = line.split()
        ways = dict(pairwise(words))
        if words[0] == "nexthop" and to:  # one of several ways to what the line before has
            yield from _ways(to, None, {**last, **ways}, None)
        elif len(words) == 11 and all(HEXADECIMAL.fullmatch(words[at]) for at in (1, 2, 7)):
            yield from _of_proc(words)
        elif row := ROW.fullmatch(line.strip()):
            to, last = row["to"], ways
            if row["kind"] or ways.keys() & {"dev", "via"}:
                yield from _ways(to, row["kind"], ways, None)


def _ways(to: str, kind: str | None, words: Mapping[str, str], hops: object) -> Iterator[Route]:
    network = _network("0.0.0.0/0" if to == "default" else to)
    ways = [hop for hop in hops if isinstance(hop, dict)] if isinstance(hops, list) else [{}]
    for way in ways if network else ():
        each = {**words, **{str(name): str(value) for name, value in way.items()}}
        yield Route(
            to=network,
            netdev=each.get("dev"),
            gateway=each.get("gateway", each.get("via")),
            source=each.get("prefsrc", each.get("src")),
            metric=integer(each.get("metric")),
            kind=kind,
        )


def _of_proc(words: Sequence[str]) -> Iterator[Route]:
    """Read a row of /proc/net/route, whose addresses have their bytes the other way round."""
    to, gateway, mask = (str(IPv4Address(bytes.fromhex(words[at])[::-1])) for at in (1, 2, 7))
    if network := _network(f"{to}/{mask}"):
        via = gateway if gateway != "0.0.0.0" else None  # noqa: S104 - it stands for no gateway
        if words[0] == "*":
            yield Route(network, None, kind="unreachable")
        else:
            yield Route(network, words[0], via, metric=integer(words[6]))


def _network(text: str) -> str:
    """Return a network as all write it, "" for what is none."""
    try:
        return str(IPv4Network(text, strict=False))
    except ValueError:
        return ""
