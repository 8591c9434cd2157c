"""From hosts that were found to an inventory, and where an inventory differs from what is there now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sparkup.domain.check import Finding
from sparkup.domain.discovery import Found, FoundHost, Sighting
from sparkup.domain.fabric import Fabric, Link
from sparkup.domain.inventory import FIRST_CLUSTER, Inventory, KnownHost
from sparkup.facts.identity import fingerprint

STALE, ANEW = "env.stale", "sparkup detect --write writes what is there now"


def known(inventory: Inventory) -> tuple[Sighting, ...]:
    """Return the hosts of an inventory as what is to be looked at."""
    return tuple(
        Sighting(host.address, (f"in the inventory as {name}",), name, host.via)
        for name, host in inventory.hosts.items()
    )


def named(found: Found, inventory: Inventory) -> Found:
    """Return hosts by the names that the inventory has for them, and no name twice."""
    used: set[str] = set()
    hosts = []
    for host in found.hosts:
        name = _name(host, inventory)
        if name in used or (name in inventory.hosts and not _is(host, inventory.hosts[name])):
            name = next(each for number in range(2, 1000) if (each := f"{name}-{number}") not in used)
        used.add(name)
        hosts.append(replace(host, name=name))
    return replace(found, hosts=tuple(hosts))


def _name(host: FoundHost, inventory: Inventory) -> str:
    return next((name for name, each in inventory.hosts.items() if _is(host, each)), host.name)


def _is(host: FoundHost, each: KnownHost) -> bool:
    """Say whether a host is one of an inventory: by its key, else by an address of its own."""
    if each.host_key:
        return each.host_key == fingerprint(host.key)
    own = {str(address.ip) for port in host.interfaces for address in port.fixed}
    where = each.address.rpartition("@")[2]
    return where in own or where == host.name or bool({str(one.ip) for one in each.fabric} & own)


def inventory_of(found: Found, fabric: Fabric, old: Inventory, cluster: str, now: datetime) -> Inventory:
    """Return what is to be written: what was found, with the settings of the old file."""
    hosts = {host.name: _known(host, old.hosts.get(host.name), now) for host in found.hosts}
    clusters = {cluster: tuple(hosts)} if cluster else _grown(old, tuple(hosts))
    return replace(old, hosts=hosts, clusters=clusters, links=fabric.links, detected_at=now, origins={})


def _grown(old: Inventory, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the one cluster that has all hosts, with those that are new; others are their owner's matter."""
    every = tuple(dict.fromkeys((*old.hosts, *names)))
    if not old.clusters:
        return {FIRST_CLUSTER: every}
    (name, members), *more = old.clusters.items()
    if more or set(members) != set(old.hosts):
        return {}
    return {name: tuple(dict.fromkeys((*members, *every)))}


def _known(host: FoundHost, old: KnownHost | None, now: datetime) -> KnownHost:
    """Return a host as it is written: at the address, and by the way, at which it was reached.

    This machine needs an address that the others reach it by: that of the old file, else one of its own.
    """
    own = [str(each.ip) for each in host.fabric]
    before = old or KnownHost(host.name, own[0] if own else host.name)
    if host.address:
        before = replace(before, address=host.address, via=host.via)
    return replace(
        before,
        host_key=fingerprint(host.key),
        verified=now.date(),
        fabric=host.fabric,
    )


def stale(inventory: Inventory, found: Found, fabric: Fabric) -> tuple[Finding, ...]:
    """Return where an inventory differs from what was found."""
    there = {host.name: host for host in found.hosts}
    return (
        *(each for name, host in inventory.hosts.items() for each in _of_host(host, there.get(name))),
        *_of_new(inventory, there),
        *_of_links(inventory.links, fabric.links),
    )


def _of_host(old: KnownHost, host: FoundHost | None) -> Iterator[Finding]:
    if host is None:
        message = f"{old.name} is in the file and was not found"
        yield Finding("warn", STALE, message, old.name, "see that it is on and that SSH reaches it")
        return
    key = fingerprint(host.key)
    if old.host_key and old.host_key != key:
        yield Finding("warn", STALE, f"the SSH host key was {old.host_key}, and is {key}", old.name, ANEW)
    if old.fabric and set(old.fabric) != set(host.fabric):
        was, now = (", ".join(map(str, each)) or "none" for each in (old.fabric, host.fabric))
        yield Finding("warn", STALE, f"addresses on RDMA ports were {was}, and are {now}", old.name, ANEW)


def _of_new(inventory: Inventory, there: Mapping[str, FoundHost]) -> Iterator[Finding]:
    for name in there if inventory.hosts else ():
        if name not in inventory.hosts:
            yield Finding("note", STALE, f"{name} was found and is not in the file", name, ANEW)


def _of_links(old: Sequence[Link], new: Sequence[Link]) -> Iterator[Finding]:
    """Tell of links that are gone, and of new ones, where any were ever detected."""
    was, now = ({_ends(link) for link in links} for links in (old, new))
    for ends in sorted(was - now):
        yield Finding("warn", STALE, f"the link {' - '.join(ends)} is not there any more", hint=ANEW)
    for ends in sorted(now - was) if was else ():
        yield Finding("note", STALE, f"the link {' - '.join(ends)} is new", hint=ANEW)


def _ends(link: Link) -> tuple[str, ...]:
    return tuple(sorted(f"{end.host}:{end.netdev}" for end in link.ends))
