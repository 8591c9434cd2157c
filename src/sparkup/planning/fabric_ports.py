"""The ports of all hosts, put in order: whose they are, which are twins, which may carry RDMA."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sparkup.domain.fabric import CONNECTX7, End, Interface

SHOWN = 3  # names in a sentence
# Kinds of interfaces on which no two hosts share an address; docker's bridge has the same on all.
OWN = ("", "bond", "veth", "wireless")


@dataclass(frozen=True, slots=True)
class Ports:
    """All interfaces of all hosts, sorted by host and PCI address, so that no order of input matters."""

    hosts: tuple[str, ...]  # sorted
    at: Mapping[End, Interface]
    of: Mapping[str, tuple[End, ...]]
    twins: Mapping[End, End]  # both ways

    def carries(self, end: End) -> bool:
        """Say whether RDMA to other hosts may go over it. Bridges, Wi-Fi and virtual interfaces never do."""
        interface = self.at[end]
        return interface.usable and interface.kind in ("", "bond")

    def sort(self, ends: Iterable[End]) -> tuple[End, ...]:
        """Return ends by host, then by PCI address; names decide only where that is not known."""
        return tuple(sorted(ends, key=lambda end: (end.host, self.at[end].place, end.netdev)))

    def device(self, end: End) -> str:
        """Return the name of the RDMA device on an end, "" if there is none."""
        rdma = self.at[end].rdma
        return rdma.name if rdma else ""


def ports(interfaces: Mapping[str, Sequence[Interface]]) -> Ports:
    """Return the ports of hosts."""
    at: dict[End, Interface] = {}
    of: dict[str, tuple[End, ...]] = {}
    twins: dict[End, End] = {}
    for host in sorted(interfaces):
        mine = sorted(interfaces[host], key=lambda each: (not each.pci, each.place, each.netdev))
        of[host] = tuple(End(host, each.netdev) for each in mine)
        at.update(zip(of[host], mine, strict=True))
        for one, other in _twins(mine):
            first, second = End(host, one.netdev), End(host, other.netdev)
            twins[first], twins[second] = second, first
    return Ports(tuple(sorted(interfaces)), at, of, twins)


def _twins(interfaces: Sequence[Interface]) -> Iterable[tuple[Interface, Interface]]:
    """Yield the two functions of each cage: the same bus, device and function below two PCI domains."""
    cages: defaultdict[tuple[str, str], list[Interface]] = defaultdict(list)
    for each in interfaces:
        if each.pci and each.device_id in ("", CONNECTX7) and not each.kind:
            cages[each.pci.partition(":")[2], each.device_id].append(each)
    for cage in cages.values():
        if len(cage) == 2:
            yield cage[0], cage[1]


def hosts_of(ends: Iterable[End]) -> tuple[str, ...]:
    """Return the hosts of ends, each once, in their order."""
    return tuple(dict.fromkeys(end.host for end in ends))


def listed(names: Iterable[object]) -> str:
    """Return names for a sentence: the first of them, and how many more there are."""
    words = [str(name) for name in dict.fromkeys(names)]
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
