"""From hosts that were found to an inventory, and where an inventory differs from what is there now."""

from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from itertools import chain, count

from sparkup.domain.check import Finding
from sparkup.domain.discovery import Found, FoundHost, Left, Search, Sighting
from sparkup.domain.fabric import Fabric, Link
from sparkup.domain.inventory import FIRST_CLUSTER, Inventory, KnownHost
from sparkup.errors import Problem
from sparkup.facts.identity import fingerprint

STALE, ANEW = "env.stale", "sparkup detect --write writes what is there now"
MISSED = "see that it is on and that SSH reaches it"
REINSTALLED = (
    "if it was reinstalled, and ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub says the same on it: "
    "sparkup detect --write --accept-new-identity; if it is another machine: take the old one out of the file"
)


def known(inventory: Inventory) -> tuple[Sighting, ...]:
    """Return the hosts of an inventory as what is to be looked at."""
    return tuple(
        Sighting(host.address, (f"in the inventory as {name}",), name, host.via)
        for name, host in inventory.hosts.items()
    )


def others_alone(found: Found, inventory: Inventory, search: Search) -> Found:
    """Return what was found without this machine, where it is no Spark and only looked for others."""
    here, *others = found.hosts
    if not others or here.address or here.gb10 or search.any_machine or here.name in inventory.hosts:
        return found
    message = f"{here.name} has no GB10, and is not in the file"
    left = Left(here.name, here.told, "not-gb10", message, "to take it all the same: --any-machine")
    return replace(found, hosts=tuple(others), left=(left, *found.left))


def named(found: Found, inventory: Inventory) -> Found:
    """Return hosts by the names that the inventory has for them, and no name twice.

    A host is known by its key. One that has the place of another of the inventory, which was not found
    elsewhere, is that one with another key, or with its first.
    """
    keys = {each.host_key: name for name, each in inventory.hosts.items() if each.host_key}
    names = {host.key: keys[mark] for host in found.hosts if (mark := fingerprint(host.key)) in keys}
    for host in found.hosts:
        free = [each for name, each in inventory.hosts.items() if name not in names.values()]
        if host.key not in names and (its := next((each for each in free if _has_place(host, each)), None)):
            names[host.key] = its.name
    used = {*inventory.hosts}
    for host in found.hosts:
        if host.key not in names:
            names[host.key] = _unused(host.name, used)
            used.add(names[host.key])
    return replace(found, hosts=tuple(replace(host, name=names[host.key]) for host in found.hosts))


def _unused(name: str, used: Container[str]) -> str:
    more = (f"{name}-{number}" for number in count(2))
    return next(each for each in chain([name], more) if each not in used)


def _has_place(host: FoundHost, each: KnownHost) -> bool:
    """Say whether a host is where the inventory has one, which need not be that one.

    Networks of RDMA ports have the same numbers in many houses: they count for want of a key only.
    """
    own = {str(address.ip) for port in host.interfaces for address in port.fixed}
    where = each.address.rpartition("@")[2]
    met = where in own or where in {host.name, host.address.rpartition("@")[2]}
    return met or (not each.host_key and bool({str(one.ip) for one in each.fabric} & own))


def renewed(inventory: Inventory, found: Found) -> tuple[Problem, ...]:
    """Return which hosts of an inventory were found in their places with other SSH host keys."""
    both = [(inventory.hosts[host.name], host) for host in found.hosts if host.name in inventory.hosts]
    return tuple(
        Problem("host-key-changed", _keys(old, host), old.name, REINSTALLED)
        for old, host in both
        if _is_renewed(old, host)
    )


def _is_renewed(old: KnownHost, host: FoundHost) -> bool:
    return bool(old.host_key) and old.host_key != fingerprint(host.key)


def _keys(old: KnownHost, host: FoundHost) -> str:
    return f"its SSH host key changed: it was {old.host_key}, and is {fingerprint(host.key)}"


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
        *_of_links(inventory.links, fabric.links, inventory.hosts.keys() & there.keys()),
    )


def _of_host(old: KnownHost, host: FoundHost | None) -> Iterator[Finding]:
    if host is None:
        yield Finding("warn", STALE, "in the file, and not found", old.name, MISSED)
        return
    if _is_renewed(old, host):
        yield Finding("warn", STALE, _keys(old, host), old.name, REINSTALLED)
    if old.fabric and set(old.fabric) != set(host.fabric):
        was, now = (", ".join(map(str, each)) or "none" for each in (old.fabric, host.fabric))
        yield Finding("warn", STALE, f"addresses on RDMA ports were {was}, and are {now}", old.name, ANEW)


def _of_new(inventory: Inventory, there: Mapping[str, FoundHost]) -> Iterator[Finding]:
    for name in there if inventory.hosts else ():
        if name not in inventory.hosts:
            yield Finding("note", STALE, "found, and not in the file", name, ANEW)


Ends = AbstractSet[tuple[str, str]]  # host and port


def _of_links(old: Sequence[Link], new: Sequence[Link], hosts: Container[str]) -> Iterator[Finding]:
    """Tell of links that are gone or new, and who left or joined one, where any were ever detected.

    A link is the same while it joins two ends that it joined. Who left or joined with a host that is gone or
    new, so none of `hosts`, is not worth a word more.
    """
    was, now = ([_ends(link) for link in links] for links in (old, new))
    for ends, rest in _changed(was, now, hosts):
        what = f"{_listed(ends)} left the link of {_listed(rest)}"
        text = what if rest else f"the link {_listed(ends)} is not there any more"
        yield Finding("warn", STALE, text, hint=ANEW)
    for ends, rest in _changed(now, was, hosts) if was else ():
        what = f"{_listed(ends)} joined the link of {_listed(rest)}"
        yield Finding("note", STALE, what if rest else f"the link {_listed(ends)} is new", hint=ANEW)


def _changed(
    links: Sequence[Ends], others: Sequence[Ends], hosts: Container[str]
) -> Iterator[tuple[Ends, Ends]]:
    """Yield what of links none of the others joins: all of a link and nothing, or some ends and the rest."""
    for ends in sorted(links, key=sorted):
        rest = ends & _same(ends, others)
        if not rest:
            yield ends, rest
        elif odd := {(host, port) for host, port in ends - rest if host in hosts}:
            yield odd, rest


def _same(ends: Ends, links: Sequence[Ends]) -> Ends:
    """Return which of some links joins most of these ends, but two at least; else nothing."""
    most = max(links, key=lambda each: len(each & ends), default=frozenset())
    return most if len(most & ends) > 1 else frozenset()


def _ends(link: Link) -> Ends:
    return {(end.host, end.netdev) for end in link.ends}


def _listed(ends: Ends) -> str:
    return " - ".join(f"{host}:{port}" for host, port in sorted(ends))
