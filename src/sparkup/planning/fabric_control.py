"""Over which network the processes of all hosts find each other: the fabric, or what else joins them all."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from sparkup.domain.check import Finding
from sparkup.domain.fabric import Control, End, Interface, Link
from sparkup.planning.fabric_choice import Choice, no_interface
from sparkup.planning.fabric_links import joining
from sparkup.planning.fabric_ports import Ports, listed

# What is on a wire comes first. Bridges count where every host has its own address, as docker's never has.
RANKS = {"": 0, "bond": 1, "veth": 2, "virtual": 3, "bridge": 4, "wireless": 5}
WIRELESS = RANKS["wireless"]
HINT = "give every host a wired address in one network, or name the interfaces: --eth-if HOST=NAME"


@dataclass(frozen=True, slots=True)
class Way:
    """One host's way into a network."""

    rank: int
    speed: int  # Mb/s, 0 if not known
    interface: Interface
    address: IPv4Address

    @property
    def control(self) -> Control:
        """Return it as the control interface."""
        return Control(self.interface.netdev, self.address)


def find_control(
    links: Sequence[Link], ports: Ports, choice: Choice, findings: list[Finding]
) -> Mapping[str, Control]:
    """Return the control interface of each host, all in one network; nothing, and a finding, without one."""
    if not choice.eth:
        return _usual(links, ports, findings)
    found = _chosen(ports, choice, findings)
    findings += _moved(found, _usual(links, ports, []), choice)
    return found


def _usual(links: Sequence[Link], ports: Ports, findings: list[Finding]) -> Mapping[str, Control]:
    """Return the control interfaces where none was chosen."""
    for link in joining(links, ports.hosts):
        if link.subnet and (found := _on_link(link, link.subnet, ports)):
            return found
    return _management(ports, findings)


def _on_link(link: Link, network: IPv4Network, ports: Ports) -> Mapping[str, Control]:
    found: dict[str, Control] = {}
    for end in link.ends:
        address = _inside(ports.at[end], network)
        if address and end.host not in found:
            found[end.host] = Control(end.netdev, address)
    return found if len(found) == len(ports.hosts) else {}


def _inside(interface: Interface, network: IPv4Network) -> IPv4Address | None:
    return next((each.ip for each in interface.fixed if each.network == network), None)


def _ways(ports: Ports) -> Mapping[IPv4Network, Mapping[str, Way]]:
    """Return each network with the best way into it on each host that has one.

    One in which hosts have the same address, as docker's, is none.
    """
    found: defaultdict[IPv4Network, dict[str, Way]] = defaultdict(dict)
    for end, each in ports.at.items():
        if each.kind in RANKS and each.carrier is not False and each.up is not False:
            for address in each.fixed:
                way = Way(RANKS[each.kind], each.speed or 0, each, address.ip)
                mine = found[address.network]
                if end.host not in mine or _worth(way) < _worth(mine[end.host]):
                    mine[end.host] = way
    return {
        network: ways
        for network, ways in found.items()
        if len({way.address for way in ways.values()}) == len(ways)
    }


def _worth(way: Way) -> tuple[int, int]:
    return way.rank, -way.speed


def _management(ports: Ports, findings: list[Finding]) -> Mapping[str, Control]:
    networks = _ways(ports)
    whole = [network for network, ways in networks.items() if len(ways) == len(ports.hosts)]
    if not whole:
        findings.append(_none(networks, ports))
        return {}
    best = min(whole, key=lambda network: (max(map(_worth, networks[network].values())), network))
    ways = networks[best]
    if max(way.rank for way in ways.values()) == WIRELESS:
        over = listed(host for host, way in ways.items() if way.rank == WIRELESS)
        message = f"hosts find each other over Wi-Fi ({over}): slow, and it breaks off"
        findings.append(Finding("warn", "net.mgmt", message, hint="connect the RJ45 ports to one switch"))
    return {host: way.control for host, way in ways.items()}


def _none(networks: Mapping[IPv4Network, Mapping[str, Way]], ports: Ports) -> Finding:
    """Say that no network joins all hosts; name who is missing in the one that joins most."""
    most = max(networks, key=lambda network: (len(networks[network]), -int(network[0])), default=None)
    if most is None or len(networks[most]) < 2:
        return Finding("fail", "net.mgmt", "no network joins all hosts", hint=HINT)
    missing = listed(host for host in ports.hosts if host not in networks[most])
    message = f"no network joins all hosts: {missing} has no address in {most}, where others are"
    return Finding("fail", "net.mgmt", message, missing, HINT)


def _moved(found: Mapping[str, Control], usual: Mapping[str, Control], choice: Choice) -> Iterator[Finding]:
    """Say which hosts a choice for others moves to another interface."""
    for host, control in found.items():
        if host not in choice.eth and control != usual.get(host):
            message = f"{control.netdev} as well: what was chosen for {listed(choice.eth)} is in its network"
            yield Finding("note", "eth-if", message, host)


def _chosen(ports: Ports, choice: Choice, findings: list[Finding]) -> Mapping[str, Control]:
    found: dict[str, Control] = {}
    networks: dict[IPv4Network, str] = {}
    for host in ports.hosts:
        if not (name := choice.eth.get(host)):
            continue
        interface = ports.at.get(End(host, name))
        if interface is None:
            findings.append(no_interface(host, name, ports))
        elif not interface.fixed:
            hint = "give it an address, or choose another with --eth-if"
            findings.append(Finding("fail", "eth-if", f"{name} has no IPv4 address", host, hint))
        else:
            found[host] = Control(name, interface.fixed[0].ip)
            networks.setdefault(interface.fixed[0].network, host)
    found |= _same_network(ports, choice, next(iter(networks), None), findings)
    if len(networks) > 1:
        told = listed(f"{network} ({host})" for network, host in networks.items())
        hint = "see that each host reaches the others' addresses, or choose interfaces of one network"
        message = f"the interfaces of --eth-if are in different networks: {told}"
        findings.append(Finding("warn", "eth-if", message, hint=hint))
    return found if len(found) == len(ports.hosts) else {}


def _same_network(
    ports: Ports, choice: Choice, network: IPv4Network | None, findings: list[Finding]
) -> Mapping[str, Control]:
    """Return the control interfaces of hosts for which none was chosen: in the network of those chosen."""
    if network is None:
        return {}
    found: dict[str, Control] = {}
    for host in ports.hosts:
        if host in choice.eth:
            continue
        ways = ((end, _inside(ports.at[end], network)) for end in ports.of[host])
        way = next(((end, address) for end, address in ways if address), None)
        if way:
            found[host] = Control(way[0].netdev, way[1])
        else:
            message = f"no interface is in {network}, the network that was chosen with --eth-if"
            findings.append(Finding("fail", "eth-if", message, host, f"--eth-if {host}=NAME"))
    return found
