"""What is wrong, or worth a word, with the ports of hosts that are to work together."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from sparkup.domain.check import Finding, Level
from sparkup.domain.fabric import RATE, End, Interface, Link
from sparkup.planning.fabric_ports import OWN, Ports, hosts_of, listed


@dataclass(frozen=True, slots=True)
class Linked:
    """Ports, with what is linked."""

    ports: Ports
    links: Sequence[Link]
    ends: Mapping[End, Link]
    networks: Mapping[IPv4Network, tuple[str, ...]]  # the hosts that have a port with RDMA in it
    up: Mapping[IPv4Network, tuple[str, ...]]  # the same of ports that are up
    sparks: Collection[str]

    def twin_linked(self, end: End) -> bool:
        """Say whether the other function of its cage is linked."""
        twin = self.ports.twins.get(end)
        return twin is not None and twin in self.ends

    def host_linked(self, host: str) -> bool:
        """Say whether anything of a host is linked."""
        return any(end in self.ends for end in self.ports.of[host])


def linked(ports: Ports, links: Sequence[Link], sparks: Collection[str]) -> Linked:
    """Return ports with their links; `sparks` are the hosts that are known to be Sparks."""
    networks: defaultdict[IPv4Network, dict[str, None]] = defaultdict(dict)
    up: defaultdict[IPv4Network, dict[str, None]] = defaultdict(dict)
    for end, each in ports.at.items():
        for address in each.fixed if each.rdma else ():
            networks[address.network][end.host] = None
            if ports.carries(end):
                up[address.network][end.host] = None
    ends = {end: link for link in links for end in link.ends}
    whose = {net: tuple(hosts) for net, hosts in networks.items()}
    return Linked(ports, links, ends, whose, {net: tuple(hosts) for net, hosts in up.items()}, sparks)


def port_findings(view: Linked) -> Iterator[Finding]:
    """Yield what is to be said of single ports."""
    yield from _duplicates(view.ports)
    for host in view.ports.hosts:
        for end in view.ports.of[host]:
            each = view.ports.at[end]
            yield from _kind(end, each, view.ports)
            if end in view.ends:
                yield from _in_use(end, each, view)
            elif view.ports.carries(end):
                yield from _left_out(end, each, view)
            elif each.rdma and each.down and not view.twin_linked(end):
                yield from _down(end, each, view)


def called(end: End, interface: Interface) -> str:
    """Return a port as people know it: its cage, if it has one, and its interface."""
    return f"port {interface.port} ({end.netdev})" if interface.port else end.netdev


def _duplicates(ports: Ports) -> Iterator[Finding]:
    owners: defaultdict[IPv4Address, list[End]] = defaultdict(list)
    for end, each in ports.at.items():
        for given in each.fixed if each.kind in OWN else ():
            owners[given.ip].append(end)
    for address, ends in owners.items():
        if len(ends) > 1:
            where = listed(f"{end.netdev} of {end.host}" for end in ends)
            hint = "give each interface an address of its own, in netplan, and: sudo netplan apply"
            message = f"{address} is there {len(ends)} times: {where}"
            yield Finding("fail", "net.addr", message, listed(hosts_of(ends)), hint)


def _kind(end: End, each: Interface, ports: Ports) -> Iterator[Finding]:
    if each.kind == "bond":
        members = [other.netdev for other in ports.of[end.host] if ports.at[other].master == end.netdev]
        below = [name for name in members if ports.at[End(end.host, name)].rdma]
        if each.rdma or below:
            message = (
                f"{end.netdev} bonds RDMA ports ({listed(below) or 'its own device'}): NCCL fails over bonds"
            )
            hint = "remove the bond; NCCL uses several ports by itself, each in a network of its own"
            yield Finding("warn", "net.bond", message, end.host, hint)
    if each.rdma and each.rdma.link_layer == "InfiniBand":
        message = f"{called(end, each)} is set to InfiniBand, not to Ethernet (RoCE): it is left out"
        hint = "set the adapter's LINK_TYPE to Ethernet with mlxconfig, and reboot"
        yield Finding("note", "net.link-layer", message, end.host, hint)


def _in_use(end: End, each: Interface, view: Linked) -> Iterator[Finding]:
    if not each.fixed and each.addresses:
        twin = view.ports.twins.get(end)
        level: Level = "note" if twin and view.ports.at[twin].fixed else "warn"
        message = f"{called(end, each)} has only an address that it gave itself (169.254…), which may change"
        yield Finding(level, "net.addr", message, end.host, "in netplan: link-local: [], and an address")
    rate = each.rdma.rate if each.rdma else None
    if each.connectx7 and rate is not None and rate < RATE:
        message = f"{called(end, each)} runs at {rate:g} Gb/s, not at {RATE}"
        hint = (
            f"on a switch: set its port to {RATE}G without negotiation; else another cable, or a cold start"
        )
        yield Finding("warn", "net.speed", message, end.host, hint)
    yield from _twin(end, each, view)


def _twin(end: End, each: Interface, view: Linked) -> Iterator[Finding]:
    """Say what is wrong with the other function of a cage in use: without it half the bandwidth is gone."""
    twin = view.ports.twins.get(end)
    cost = "half of the bandwidth is lost, on all hosts of this link"
    if twin is None:
        others = [other for other in view.ends[end].ends if other in view.ports.twins]
        if each.connectx7 and (others or end.host in view.sparks):
            message = f"{called(end, each)} has no twin on the other PCIe link: {cost}"
            hint = "reboot that host with the cable plugged in; then see lspci: a Spark shows four ConnectX-7"
            yield Finding("warn", "net.twins", message, end.host, hint)
    elif not view.ports.at[twin].usable and not _put_down_afar(end, twin, view):
        message = f"{twin.netdev}, the twin of {end.netdev}, is down: {cost}"
        yield Finding("warn", "net.twins", message, end.host, _up_hint(view.ports.at[twin]))


def _put_down_afar(end: End, twin: End, view: Linked) -> bool:
    """Say whether a twin is dark because the other end of its cable was put down: it is said of that one."""
    (far, *others) = (other for other in view.ends[end].ends if other != end)
    facing = view.ports.twins.get(far)
    put_down = facing is not None and view.ports.at[facing].up is False
    return put_down and not others and view.ports.at[twin].up is not False


def _left_out(end: End, each: Interface, view: Linked) -> Iterator[Finding]:
    """Say why a port that is up is on no link."""
    shared = [net for net in (address.network for address in each.fixed) if len(view.up[net]) > 1]
    if shared:
        message = f"nothing answers {called(end, each)} in {shared[0]}"
        hint = "check the cable, firewalls (sudo ufw status), and the MTU of a switch between (9216)"
        yield Finding("fail", "net.peer", message, end.host, hint)
    elif view.twin_linked(end):
        yield from _other_network(end, each, view)
    elif not each.fixed:
        yield from _no_address(end, each, view)
    elif all(len(view.networks[address.network]) == 1 for address in each.fixed):  # else the others are down
        message = f"{called(end, each)}, {each.fixed[0]}, leads to none of these hosts: it is left out"
        yield Finding("note", "net.cable", message, end.host)


def _other_network(end: End, each: Interface, view: Linked) -> Iterator[Finding]:
    """Say that the networks of two twins that face each other differ; what is down is said elsewhere."""
    link = view.ends[view.ports.twins[end]]
    others = (view.ports.twins.get(other) for other in link.ends if other.host != end.host)
    facing = [other for other in others if other and view.ports.carries(other)]
    if facing and each.fixed:
        told = listed(f"{_address(view.ports.at[other])} on {other.host}" for other in facing)
        message = f"{end.netdev}, {each.fixed[0]}, faces {told}: half of the bandwidth is lost"
        hint = "in netplan: one network for each twin, and the same one on both ends of the cable"
        yield Finding("warn", "net.addr", message, end.host, hint)


def _address(each: Interface) -> str:
    return str(each.fixed[0]) if each.fixed else "no address"


def _no_address(end: End, each: Interface, view: Linked) -> Iterator[Finding]:
    twin = view.ports.twins.get(end)
    first = twin and (view.ports.at[twin].fixed or view.ports.sort((end, twin))[0] == twin)
    if twin and first and view.ports.carries(twin):
        return  # said of its sibling
    why = "only an address it gave itself (169.254…)" if each.addresses else "no address"
    message = f"{called(end, each)} is up and has {why}: it is left out"
    hint = "if it is to join these hosts, give it one in netplan: a network of its own for each twin"
    yield Finding("warn" if each.addresses else "note", "net.addr", message, end.host, hint)


def _down(end: End, each: Interface, view: Linked) -> Iterator[Finding]:
    """Say that a port with an address for the others is down."""
    shared = [net for net in (address.network for address in each.fixed) if len(view.networks[net]) > 1]
    if shared:
        message = f"{called(end, each)}, which is to reach {shared[0]}, is down"
        level: Level = "warn" if view.host_linked(end.host) else "fail"
        yield Finding(level, "net.state", message, end.host, _up_hint(each))


def _up_hint(each: Interface) -> str:
    if each.up is False:
        return f"sudo ip link set dev {each.netdev} up"
    return "check that the cable sits on both ends; after that reboot both hosts with it plugged in"
