"""Which cables to try before a fabric is believed: one network may be on cables that are not joined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparkup.domain.fabric import Interface
from sparkup.domain.fact import Answers, Fact, Observed, reach


@dataclass(frozen=True, slots=True)
class Way:
    """From an interface of a host to an interface of another, by addresses of one network."""

    host: str
    netdev: str
    own: str
    other_host: str
    other_netdev: str
    other: str


def ways(interfaces: Mapping[str, Sequence[Interface]]) -> tuple[Way, ...]:
    """Return each way between hosts once, from the host that was named first."""
    hosts = list(interfaces)
    return tuple(
        way
        for place, host in enumerate(hosts)
        for other in hosts[place + 1 :]
        for way in _between(host, interfaces[host], other, interfaces[other])
    )


def _between(host: str, mine: Sequence[Interface], other: str, theirs: Sequence[Interface]) -> Iterator[Way]:
    for one in mine:
        for two in theirs:
            if one.usable and two.usable:
                for own in one.addresses:
                    for far in two.addresses:
                        if own.network == far.network and own.ip != far.ip:
                            yield Way(host, one.netdev, str(own.ip), other, two.netdev, str(far.ip))


def probe(tried: Sequence[Way]) -> Fact[tuple[bool, ...]]:
    """Return the fact of one host about ways that begin there."""

    def parse(answers: Answers) -> tuple[bool, ...]:
        return tuple(each is True for each in answers["reach"]["reach"])

    request = reach(*((way.netdev, way.own, way.other) for way in tried))
    return Fact("reach", {"reach": request}, parse, unknown=(), recorded=None)


def probes(tried: Sequence[Way]) -> Mapping[str, tuple[Fact[Any], ...]]:
    """Return what to ask which host."""
    hosts = dict.fromkeys(way.host for way in tried)
    return {host: (probe(of(tried, host)),) for host in hosts}


def of(tried: Sequence[Way], host: str) -> tuple[Way, ...]:
    """Return the ways that begin at a host."""
    return tuple(way for way in tried if way.host == host)


def proved(tried: Sequence[Way], seen: Observed) -> frozenset[tuple[str, str, str, str]] | None:
    """Return the pairs of interfaces between which packets went; None where nothing was tried."""
    if not tried:
        return None
    found = []
    for host in dict.fromkeys(way.host for way in tried):
        mine = of(tried, host)
        works: tuple[bool, ...] = seen[host][probe(mine)]
        found += [way for way, does in zip(mine, works, strict=False) if does]
    return frozenset((way.host, way.netdev, way.other_host, way.other_netdev) for way in found)
