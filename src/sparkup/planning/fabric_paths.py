"""What is wrong, or worth a word, with the paths between hosts that are to work together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sparkup.domain.check import Finding, Level
from sparkup.domain.fabric import End, Interface, Link, Topology
from sparkup.planning.fabric_checks import Linked
from sparkup.planning.fabric_links import joining
from sparkup.planning.fabric_ports import hosts_of, listed
from sparkup.planning.fabric_topology import besides, groups, in_nccl_order

JUMBO = 4200  # bytes: below it RoCE sends packets of 1024 bytes, from it on of 4096
NETPLAN = "in netplan on all hosts, then: sudo netplan apply"
CABLING = "join all to one switch, or make a ring: p0 of each to p1 of the next"
ROUTING = "2.30.7"  # the first NCCL that joins devices by their networks


def link_findings(view: Linked) -> Iterator[Finding]:
    """Yield what is to be said of links."""
    small: defaultdict[int, list[End]] = defaultdict(list)
    for link in view.links:
        yield from _one_network(link)
        sizes: defaultdict[int, list[End]] = defaultdict(list)
        for end in link.ends:
            if (mtu := view.ports.at[end].mtu) is not None:
                sizes[mtu].append(end)
        if len(sizes) > 1:
            yield _different_sizes(link, sizes)
        elif sizes and max(sizes) < JUMBO:
            small[max(sizes)] += link.ends
    for mtu, ends in small.items():
        names = listed(sorted({end.netdev for end in ends}))
        message = f"MTU {mtu} on {names}: a tenth or more of the bandwidth is lost"
        yield Finding("warn", "net.mtu", message, listed(sorted(hosts_of(ends))), f"mtu: 9000 {NETPLAN}")


def path_findings(
    view: Linked, name: Topology, rails: Mapping[str, tuple[Interface, ...]], *, chosen: bool
) -> Iterator[Finding]:
    """Yield what is to be said of the whole. `chosen`: devices were named, and no missing link refuses."""
    level: Level = "warn" if chosen else "fail"
    yield from _devices(view, level)
    apart = groups(view.links, view.ports)
    whole = joining(view.links, view.ports.hosts)
    if name == "none":
        yield from _no_link(view, level)
    elif len(apart) > 1:
        told = "; ".join(listed(group) for group in apart[:3])
        message = f"hosts are not joined with each other: {told}{'; …' if len(apart) > 3 else ''}"
        yield Finding(level, "net.cable", message, hint=CABLING)
    elif name == "mixed" and not whole:
        message = "not every host reaches every other, and the cables make no ring"
        yield Finding(level, "net.cable", message, hint=CABLING)
    elif name == "mixed":
        extra = listed(" and ".join(hosts_of(link.ends)[:2]) for link in besides(view.links, view.ports))
        message = f"what joins all hosts is used; what joins only some is left out ({extra})"
        yield Finding("note", "net.cable", message)
    if name == "ring":
        yield from _ring(view, level if any(not mine for mine in rails.values()) else "warn")
    elif whole and not in_nccl_order(rails):
        message = (
            "ports that face each other have different places on their hosts (twins or cages are crossed): "
            f"the image needs NCCL {ROUTING} or newer"
        )
        hint = "swap the networks of the twins, or the cables, on one host: then any NCCL does"
        yield Finding("warn", "net.order", message, hint=hint)


def _different_sizes(link: Link, sizes: Mapping[int, Sequence[End]]) -> Finding:
    told = "; ".join(
        f"{mtu} on {listed(f'{end.netdev} of {end.host}' for end in ends)}"
        for mtu, ends in sorted(sizes.items())
    )
    message = f"the ends of a link have different MTUs: {told}"
    hint = f"mtu: {max(*sizes, 9000)} {NETPLAN}"
    return Finding("fail", "net.mtu", message, listed(hosts_of(link.ends)), hint)


def _one_network(link: Link) -> Iterator[Finding]:
    """Warn of ports of one host in one network: the kernel answers and sends on whichever it likes."""
    mine: defaultdict[str, list[str]] = defaultdict(list)
    for end in link.ends:
        mine[end.host].append(end.netdev)
    several = {host: names for host, names in mine.items() if len(names) > 1}
    if link.subnet and several:
        names = listed(name for names in several.values() for name in names)
        message = f"{names} are in one network, {link.subnet}: what is sent may take the wrong port"
        hint = f"give each port of a host a network of its own, {NETPLAN}"
        yield Finding("warn", "net.addr", message, listed(several), hint)


def _devices(view: Linked, level: Level) -> Iterator[Finding]:
    """Say who has no RDMA device, and what that means."""
    bare = [host for host in view.ports.hosts if not any(map(view.ports.device, view.ports.of[host]))]
    missing = [host for host in bare if host in view.sparks] if len(bare) == len(view.ports.hosts) else bare
    if missing:
        hint = (
            "plug in the cable and reboot the hosts on both of its ends; "
            "if /etc/nvidia/cx7-hotplug-enabled is there, remove it first"
        )
        yield Finding(level, "net.cx7", f"no RDMA device shows on {listed(missing)}", listed(missing), hint)
    if len(bare) == len(view.ports.hosts):
        message = "TCP sockets: slow, because none of the hosts has an RDMA device"
        yield Finding("warn", "net.tcp", message, hint="two Sparks need a QSFP cable between them")


def _no_link(view: Linked, level: Level) -> Iterator[Finding]:
    """Say why hosts that have RDMA devices have no link."""
    ports = view.ports
    able = [host for host in ports.hosts if any(map(ports.device, ports.of[host]))]
    if not able:
        return
    dark = [host for host in able if not any(map(ports.carries, ports.of[host]))]
    if dark:
        message = f"no RDMA (RoCE) port of {listed(dark)} is up"
        off = [end for host in dark for end in ports.of[host] if ports.device(end)]
        put_up = (
            f"on {end.host}: sudo ip link set dev {end.netdev} up"
            for end in off
            if ports.at[end].fixed and ports.at[end].up is False
        )
        hint = listed(put_up) or "plug in the cable, on both ends"
        yield Finding(level, "net.state", message, listed(dark), hint)
    elif len(able) == len(ports.hosts):
        networks = [f"{net} ({listed(hosts)})" for net, hosts in view.networks.items()]
        told = f": they are in {listed(networks)}" if networks else " and have no addresses"
        message = f"the RDMA ports of the hosts have no network in common{told}"
        hint = f"a network for each twin, the same on all hosts, {NETPLAN}"
        yield Finding(level, "net.addr", message, hint=hint)


def _ring(view: Linked, bare_level: Level) -> Iterator[Finding]:
    message = f"a ring needs NCCL {ROUTING} or newer in the image: older ones join ports that no cable joins"
    yield Finding("note", "net.ring", message)
    bare = [end for end in view.ends if not view.ports.at[end].fixed]
    if bare:
        names = listed(end.netdev for end in bare)
        message = f"{names} have no fixed address: in a ring they are left out, and their bandwidth is lost"
        hint = f"a network for each twin of each cable, {NETPLAN}"
        yield Finding(bare_level, "net.addr", message, listed(sorted(hosts_of(bare))), hint)
    for link in view.links:
        cages = [view.ports.at[end].port for end in link.ends]
        if len(cages) == 2 and cages[0] and cages[0] == cages[1]:
            where = listed(hosts_of(link.ends))
            message = f"a cable joins {cages[0]} with {cages[1]}; rings are known to work with p0 to p1"
            yield Finding("warn", "net.cable", message, where, "plug p0 of each host into p1 of the next")
