"""Which ports face each other: by what reached what, else by IPv4 networks; twins follow their siblings."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import TypeAlias

from sparkup.domain.fabric import End, Link
from sparkup.planning.fabric_ports import Ports, hosts_of

# (host, interface, other host, its interface) between which packets went. Order and direction do not matter.
Proved: TypeAlias = Collection[tuple[str, str, str, str]]


def find_links(ports: Ports, proved: Proved | None) -> tuple[Link, ...]:
    """Return the links between hosts, in the order of the first host's ports; None: nothing was probed."""
    carriers = [end for host in ports.hosts for end in ports.of[host] if ports.carries(end)]
    if proved is None:
        found = list(_by_network(carriers, ports))
    else:
        found = []
        for reached in _components(carriers, proved):
            found += [replace(link, proved=True) for link in _by_network(reached, ports)]
            bare = [end for end in reached if not ports.at[end].fixed]
            if len(hosts_of(bare)) > 1:
                found.append(Link(ports.sort(bare), None, proved=True))
    whole = _with_twins(sorted(found, key=lambda link: _key(link, ports)), ports)
    return tuple(sorted(whole, key=lambda link: _key(link, ports)))


def joining(links: Iterable[Link], hosts: Collection[str]) -> list[Link]:
    """Return the links that every host is on."""
    return [link for link in links if len(hosts_of(link.ends)) == len(hosts)]


def rows(links: Iterable[Link]) -> Iterator[tuple[End, ...]]:
    """Yield one end of each host, all of which face each other; each end once.

    The hosts' own orders of devices are made of these: NCCL joins the device at an index to the one at the
    same index of the other host.
    """
    used: set[End] = set()
    for link in links:
        mine: defaultdict[str, list[End]] = defaultdict(list)
        for end in link.ends:
            mine[end.host].append(end)
        for row in zip(*mine.values(), strict=False):  # as many as the host that has the fewest
            if used.isdisjoint(row):
                used.update(row)
                yield row


def _key(link: Link, ports: Ports) -> tuple[str, tuple[str, str], str]:
    first = link.ends[0]
    return first.host, ports.at[first].place, str(link.subnet or "")


def _by_network(ends: Sequence[End], ports: Ports) -> Iterator[Link]:
    """Yield a link for each network in which there are ports of more than one host."""
    networks: defaultdict[IPv4Network, dict[End, None]] = defaultdict(dict)
    for end in ends:
        for address in ports.at[end].fixed:
            networks[address.network][end] = None
    told: set[tuple[End, ...]] = set()
    for network in sorted(networks):
        inside = ports.sort(networks[network])
        if len(hosts_of(inside)) > 1 and inside not in told:
            told.add(inside)
            yield Link(inside, network)


def _components(ends: Sequence[End], proved: Proved) -> list[list[End]]:
    """Return the ports that reach each other, directly or over others; those that reach none are left out."""
    parent = {end: end for end in ends}

    def top(end: End) -> End:
        while parent[end] != end:
            parent[end] = parent[parent[end]]
            end = parent[end]
        return end

    for host, netdev, other_host, other_netdev in proved:
        one, other = End(host, netdev), End(other_host, other_netdev)
        if one in parent and other in parent:
            parent[top(one)] = top(other)
    together: defaultdict[End, list[End]] = defaultdict(list)
    for end in ends:
        together[top(end)].append(end)
    return [group for group in together.values() if len(group) > 1]


def _with_twins(links: Sequence[Link], ports: Ports) -> list[Link]:
    """Return the links with what has no address: it goes where its sibling's cable goes."""
    result = list(links)
    linked = {end: index for index, link in enumerate(result) for end in link.ends}
    for link in links:
        siblings = [ports.twins[end] for end in link.ends if end in ports.twins]
        loose = [
            end for end in siblings if end not in linked and ports.carries(end) and not ports.at[end].fixed
        ]
        if not loose:
            continue
        index = next((linked[end] for end in siblings if end in linked), None)
        if index is not None:
            result[index] = replace(result[index], ends=ports.sort((*result[index].ends, *loose)))
        elif len(hosts_of(loose)) > 1:
            index = len(result)
            result.append(Link(ports.sort(loose), None, link.proved))
        if index is not None:
            linked |= dict.fromkeys(loose, index)
    return result
