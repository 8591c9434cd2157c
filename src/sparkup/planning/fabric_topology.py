"""What a set of links is called, and in which order a chain of transfers goes along its cables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sparkup.domain.fabric import Fabric, Interface, Link, Topology
from sparkup.planning.fabric_links import joining, rows
from sparkup.planning.fabric_ports import Ports, hosts_of


def topology(links: Sequence[Link], ports: Ports) -> Topology:
    """Return what people call the links of several hosts; "mixed" if it is nothing simple."""
    if not links:
        return "none"
    all_of = joining(links, ports.hosts)
    if not all_of:
        return "ring" if _is_ring(links, ports) else "mixed"
    if len(ports.hosts) == 2:
        return "doubled-pair" if _cables(all_of, ports) > 1 else "pair"
    return "mixed" if besides(links, ports) else "switch"


def besides(links: Sequence[Link], ports: Ports) -> list[Link]:
    """Return the links that join some hosts beside those that join all; what twins lack is none of them."""
    whole = {end for link in joining(links, ports.hosts) for end in link.ends}
    covered = whole | {ports.twins[end] for end in whole if end in ports.twins}
    return [link for link in links if not covered.issuperset(link.ends)]


def rails(links: Sequence[Link], ports: Ports) -> Mapping[str, tuple[Interface, ...]]:
    """Return what carries RDMA on each host: the links that join all hosts, in one order; else all links.

    In a ring a twin needs an address of its own: without one NCCL cannot tell which cable it is on.
    """
    mine: dict[str, list[Interface]] = {host: [] for host in ports.hosts}
    all_of = joining(links, ports.hosts)
    if all_of:
        ends = [end for row in rows(all_of) for end in row]
    else:
        ends = list(ports.sort({end for link in links for end in link.ends if ports.at[end].fixed}))
    for end in ends:
        mine[end.host].append(ports.at[end])
    return {host: tuple(mine[host]) for host in ports.hosts}


def in_nccl_order(carriers: Mapping[str, tuple[Interface, ...]]) -> bool:
    """Say whether facing devices have the same index on all hosts where NCCL has sorted them by PCI."""
    same = min(map(len, carriers.values()), default=0)
    return len({_order(mine[:same]) for mine in carriers.values()}) < 2


def _order(mine: Sequence[Interface]) -> tuple[int, ...]:
    return tuple(sorted(range(len(mine)), key=lambda index: mine[index].place))


def chain(fabric: Fabric, head: str) -> tuple[str, ...]:
    """Return all hosts from the head on, each a neighbour of the one before it as far as there are cables.

    What is sent along it crosses no cable twice in a ring. Cables come before switches, p0 before p1.
    """
    ways: defaultdict[str, list[tuple[int, tuple[str, str], int]]] = defaultdict(list)
    at = {host: {each.netdev: each for each in mine} for host, mine in fabric.interfaces.items()}
    for index, link in enumerate(fabric.links):
        for end in link.ends:
            slot, function = at[end.host][end.netdev].place
            ways[end.host].append((len(link.ends), (function, slot), index))
    left = {host: None for host in fabric.hosts if host != head}
    found = [head]
    while left:
        near = (
            next((host for host in left if host in reached), None)
            for _, _, index in sorted(ways[found[-1]])
            if (reached := set(hosts_of(fabric.links[index].ends)))
        )
        found.append(next(filter(None, near), next(iter(left))))
        del left[found[-1]]
    return tuple(found)


def groups(links: Sequence[Link], ports: Ports) -> list[tuple[str, ...]]:
    """Return the hosts that are joined with each other, directly or over others."""
    on: defaultdict[str, list[int]] = defaultdict(list)
    for index, link in enumerate(links):
        for host in hosts_of(link.ends):
            on[host].append(index)
    walked: set[int] = set()
    left = dict.fromkeys(ports.hosts)
    found = []
    while left:
        group, edge = [], [next(iter(left))]
        while edge:
            host = edge.pop()
            if host in left:
                del left[host]
                group.append(host)
                new = set(on[host]) - walked  # each link once, however many hosts are on it
                walked |= new
                edge += [other for index in sorted(new) for other in hosts_of(links[index].ends)]
        found.append(tuple(sorted(group)))
    return found


def _is_ring(links: Sequence[Link], ports: Ports) -> bool:
    near: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        if len(hosts := hosts_of(link.ends)) != 2:
            return False
        near[hosts[0]].add(hosts[1])
        near[hosts[1]].add(hosts[0])
    return all(len(near[host]) == 2 for host in ports.hosts) and len(groups(links, ports)) == 1


def _cables(links: Sequence[Link], ports: Ports) -> int:
    """Return how many cables the links are: twins share one."""
    ends = [row[0] for row in rows(links)]
    return len({min(end.netdev, ports.twins.get(end, end).netdev) for end in ends})
