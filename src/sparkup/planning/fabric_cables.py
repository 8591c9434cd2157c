"""Links as the cables and switches that people see: twins share one, each host is plugged in with a cage."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sparkup.domain.fabric import End, Fabric, Interface, Link
from sparkup.planning.fabric_ports import ports


@dataclass(frozen=True, slots=True)
class Plug:
    """Where one host is plugged in: `port` is its cage (p0, p1), or the interface where that is not known."""

    host: str
    port: str
    ends: tuple[End, ...]


@dataclass(frozen=True, slots=True)
class Cable:
    """What joins two plugs, or a switch with all that is plugged into it, and the links over it."""

    plugs: tuple[Plug, ...]
    links: tuple[Link, ...]
    interfaces: tuple[Interface, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """Return how fast its ports are, in Gb/s, each figure once."""
        return tuple(sorted({each.rdma.rate for each in self.interfaces if each.rdma and each.rdma.rate}))

    @property
    def mtus(self) -> tuple[int, ...]:
        """Return the MTUs of its ports, in bytes, each once."""
        return tuple(sorted({each.mtu for each in self.interfaces if each.mtu}))


def cables(fabric: Fabric) -> tuple[Cable, ...]:
    """Return the cables and switches of a fabric, in the order of its links."""
    every = ports(fabric.interfaces)
    together: defaultdict[frozenset[End], list[Link]] = defaultdict(list)
    for link in fabric.links:
        cages = {every.sort((end, every.twins.get(end, end)))[0] for end in link.ends}
        # A twin that a host lacks does not make it another switch.
        known = next((key for key in together if key & cages), frozenset(cages))
        together[known].append(link)
    return tuple(_cable(links, every.sort(_ends(links)), fabric) for links in together.values())


def _ends(links: Sequence[Link]) -> set[End]:
    return {end for link in links for end in link.ends}


def _cable(links: Sequence[Link], ends: Sequence[End], fabric: Fabric) -> Cable:
    at = {end: each for end in ends for each in fabric.interfaces[end.host] if each.netdev == end.netdev}
    plugs: defaultdict[tuple[str, str], list[End]] = defaultdict(list)
    for end in ends:
        plugs[end.host, at[end].port or end.netdev].append(end)
    made = tuple(Plug(host, port, tuple(mine)) for (host, port), mine in plugs.items())
    return Cable(made, tuple(links), tuple(at.values()))
