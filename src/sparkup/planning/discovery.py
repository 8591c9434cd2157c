"""Where to look for other Sparks, and which of those that answer are taken: never a stranger."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from sparkup.domain.discovery import FoundHost, Left, Sighting
from sparkup.domain.fabric import Interface
from sparkup.domain.fact import Answers, Fact, Seen, scan
from sparkup.facts.dgx import DGX
from sparkup.facts.gpus import GPU
from sparkup.facts.hostname import HOSTNAME
from sparkup.facts.identity import IDENTITY, fingerprint
from sparkup.facts.links import LINKS
from sparkup.facts.neighbours import NEIGHBOURS
from sparkup.planning.fabric_ports import OWN

SMALL, LARGE = 24, 20  # bits of the largest network that is scanned: as it is, and when asked for
SCAN = 0.6  # seconds in which an address answers, if anybody has it
BATCH, APART = 512, 3.0  # addresses that are tried together, and seconds between (node/gather_net.py)
TOLD, OWNED = 64, 8  # addresses that are tried of all that a host tells: who is there, and its own
PEER = (IDENTITY, DGX, LINKS, HOSTNAME, NEIGHBOURS)
ORIGIN = (*PEER, GPU)
PLAIN = re.compile(r"\d+(\.\d+){3}")
ODD = re.compile(r"[^A-Za-z0-9_.-]+")


# Networks of this machine, None where the search began on another: then it is tried what leads there.
Here = tuple[IPv4Network, ...] | None
Heard = set[tuple[IPv4Network, str]]  # networks that were scanned, and who answered there


@dataclass(frozen=True, slots=True)
class Net:
    """A network of the fabric, as one host is in it."""

    netdev: str
    own: IPv4Address
    network: IPv4Network
    cage: str = ""  # p0 or p1, "" for a port without


def networks(interfaces: Sequence[Interface]) -> tuple[Net, ...]:
    """Return the networks in which peers may be: those of ports that RDMA can use, each once."""
    found: dict[IPv4Network, Net] = {}
    for each in sorted(interfaces, key=lambda port: (port.place, port.netdev)):
        if each.usable and each.carrier is not False and each.kind in ("", "bond"):
            for address in each.fixed:
                found.setdefault(address.network, Net(each.netdev, address.ip, address.network, each.port))
    return tuple(found.values())


def unheard(nets: Sequence[Net], heard: Heard) -> tuple[Net, ...]:
    """Return the networks of a host in which nobody has looked: who scanned one has heard it there.

    The twin of one that was heard leads to the same hosts.
    """
    known = {net.cage or net.netdev for net in nets if (net.network, str(net.own)) in heard}
    return tuple(net for net in nets if (net.cage or net.netdev) not in known)


def all_networks(interfaces: Sequence[Interface]) -> tuple[IPv4Network, ...]:
    """Return the networks that a host is in, by ports that are its own."""
    return tuple({each.network for port in _wired(interfaces) for each in port.fixed})


def is_direct(sighting: Sighting, cabled: Sequence[IPv4Network]) -> bool:
    """Say whether an address is logged in to without a detour.

    What another host tells of is, in `cabled` alone, the networks of RDMA ports here: no host decides where
    else this machine tries its keys. What the inventory has a way to is reached by that.
    """
    return not sighting.via or (not sighting.name and _within(sighting.address, cabled))


def some(told: Sequence[Sequence[Sighting]], seer: FoundHost) -> tuple[list[Sequence[Sighting]], str]:
    """Return who is tried of those that another host tells of in its networks, and what to say of the rest.

    Each is a login from here, through that host.
    """
    left = TOLD
    kept = []
    for group in told:
        kept.append(group[:left])
        left -= len(kept[-1])
    count = sum(map(len, told))
    note = f"{seer.name} tells of {count} addresses: the first {TOLD} were tried" if count > TOLD else ""
    return kept, note


def addresses_near(host: FoundHost, here: Here) -> tuple[str, ...]:
    """Return where a host that was reached through another may be reached from here.

    On cables of RDMA only where the search began on another host: else they were tried.
    """
    ports = [port for port in _wired(host.interfaces) if here is None or not port.usable]
    own = dict.fromkeys(str(each.ip) for port in ports for each in port.fixed)
    near = [each for each in own if here is None or _within(each, here)] if host.via else []
    return tuple(sorted(near, key=lambda each: each != host.address)[:OWNED])


def _wired(interfaces: Sequence[Interface]) -> list[Interface]:
    return [port for port in interfaces if port.kind in OWN and port.carrier is not False]


def _within(address: str, here: Sequence[IPv4Network]) -> bool:
    return bool(PLAIN.fullmatch(address)) and any(IPv4Address(address) in network for network in here)


def small(nets: Sequence[Net], *, large: bool) -> tuple[tuple[Net, ...], tuple[str, ...]]:
    """Return the networks that are scanned, and what to say of the others."""
    least = LARGE if large else SMALL
    told = []
    for net in nets:
        if net.network.prefixlen < least:
            hint = "--scan-large tries it" if net.network.prefixlen >= LARGE else "name its hosts with -n"
            told.append(f"{net.network} on {net.netdev} was not scanned, as it is large: {hint}")
    return tuple(net for net in nets if net.network.prefixlen >= least), tuple(told)


def cages_once(nets: Sequence[Net]) -> tuple[Net, ...]:
    """Return one network of each cage: its twin leads to the same hosts."""
    first: dict[str, Net] = {}
    for net in nets:
        first.setdefault(net.cage or net.netdev, net)
    return tuple(first.values())


def silent(
    nets: Sequence[Net], scanned: Sequence[Net], answered: Sequence[tuple[str, str]]
) -> tuple[Net, ...]:
    """Return the networks of twins that are left to scan, as nobody answered by the siblings."""
    loud = {netdev for netdev, _ in answered}
    done = {net.cage or net.netdev for net in scanned if net.netdev in loud}
    return tuple(net for net in nets if net not in scanned and net.cage not in done)


def scan_fact(nets: Sequence[Net]) -> Fact[tuple[tuple[str, str], ...]]:
    """Return the fact of who takes connections for SSH: interface and address of each."""

    def parse(answers: Answers) -> tuple[tuple[str, str], ...]:
        told = answers["scan"]["scan"]
        return tuple((str(netdev), str(IPv4Address(address))) for netdev, address in told)

    request = scan(*((net.netdev, str(net.own), str(net.network)) for net in nets), timeout=SCAN)
    return Fact("scan", {"scan": request}, parse)  # without an answer nobody knows who is there


def scan_seconds(nets: Sequence[Net]) -> float:
    """Return how long a scan may take."""
    return APART * (1 + sum(net.network.num_addresses for net in nets) // BATCH)


def sightings(
    seen: Seen,
    nets: Sequence[Net],
    scanned: Collection[Net],
    answered: Sequence[tuple[str, str]],
    seer: FoundHost,
) -> tuple[tuple[Sighting, ...], ...]:
    """Return for each network who may be there: found by the scan, or, where there was none, met before.

    What another host than this machine sees, SSH may have to reach through that host.
    """
    via = ",".join(filter(None, (seer.via, seer.address)))
    of = f" from {seer.name}" if via else ""
    by_net: dict[IPv4Network, dict[str, list[str]]] = {net.network: {} for net in nets}
    for netdev, address in answered:
        for net in _of(netdev, address, nets):
            by_net[net.network].setdefault(address, []).append(f"scan of {net.network}{of}")
    for each in seen[NEIGHBOURS]:
        for net in _of(each.netdev, each.address, nets):
            if net not in scanned or each.address in by_net[net.network]:  # else it has no SSH
                by_net[net.network].setdefault(each.address, []).append(f"neighbour table{of}")
    return tuple(
        tuple(
            Sighting(address, tuple(dict.fromkeys(told)), via=via)
            for address, told in sorted(found.items(), key=lambda each: IPv4Address(each[0]))
        )
        for found in by_net.values()
    )


def _of(netdev: str, address: str, nets: Sequence[Net]) -> Iterator[Net]:
    ip = IPv4Address(address)
    return (net for net in nets if net.netdev == netdev and ip in net.network and ip != net.own)


def as_shown(seen: Seen, key: str, address: str) -> tuple[Seen, str]:
    """Return a host with the key that it showed to SSH, not those it tells of; and what to say of that."""
    identity = seen[IDENTITY]
    told = not identity.keys or key in identity.keys
    note = f"{address} has the SSH host key {fingerprint(key)}, and tells of others as its own"
    values = {**seen.values, IDENTITY.name: replace(identity, keys=(key,))}
    return Seen(seen.host, values), "" if told else note


def judged(
    sighting: Sighting, seen: Seen, others: Collection[str], nets: Sequence[Net], *, any_machine: bool
) -> FoundHost | Left | None:
    """Return a host that is taken, or why it is not; None for one that was met at another address.

    `others` are the keys of those that were met, the one where the search began among them.
    """
    identity, interfaces = seen[IDENTITY], seen[LINKS]
    if identity.key in others:
        return None
    if not identity.key:
        return _left(sighting, "nobody", "it has neither an SSH host key nor a machine-id to know it by")
    peer = found_host(sighting.name, sighting.address, sighting.told, seen, sighting.via)
    if not (peer.gb10 or any_machine or sighting.name):  # what the inventory names was chosen
        hint = "to take it all the same: sparkup detect --any-machine"
        return _left(sighting, "not-gb10", f"{peer.name} has no GB10, so it is no Spark", hint)
    inside = [net for net in nets if _is_in(sighting.address, net)]
    ports = {str(each.ip) for port in interfaces if port.usable for each in port.fixed}
    if inside and sighting.address not in ports:
        message = f"{peer.name} answers there, and none of its RDMA ports has that address"
        return _left(sighting, "not-its-address", message, "see what stands between, a router or a proxy")
    return peer


def _is_in(address: str, net: Net) -> bool:
    return _within(address, (net.network,))


def _left(sighting: Sighting, code: str, message: str, hint: str = "") -> Left:
    return Left(sighting.address, sighting.told, code, message, hint)


def found_host(name: str, address: str, told: tuple[str, ...], seen: Seen, via: str = "") -> FoundHost:
    """Return a host that was looked at as a peer; one without a name is called as it calls itself."""
    called = name or ODD.sub("-", seen[HOSTNAME]).strip("-.") or address
    return FoundHost(called, address, told, seen[IDENTITY].key, seen[DGX].gb10, seen[LINKS], via)


def owned(peers: Iterable[FoundHost]) -> Collection[str]:
    """Return the addresses of peers: what is theirs need not be tried again."""
    return {str(each.ip) for peer in peers for port in peer.interfaces for each in port.fixed}
