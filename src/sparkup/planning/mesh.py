"""Which hosts are to log in to which, at which addresses, and the plans that make it so and try it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparkup.domain.command import Command
from sparkup.domain.fabric import Interface
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan, Run
from sparkup.errors import Problem
from sparkup.facts.hostname import HOSTNAME
from sparkup.facts.identity import IDENTITY
from sparkup.facts.links import LINKS
from sparkup.facts.machine import MACHINE
from sparkup.planning.fabric_ports import OWN

FACTS = (IDENTITY, LINKS, MACHINE, HOSTNAME)
KEYS, TRUST, TRY = "key", "trust", "try"  # words of node/mesh.py, and the beginnings of ids of steps
PLAIN = re.compile(r"[A-Za-z0-9_.:%-]+")  # what known_hosts takes for a name without a pattern
PATIENCE = 120.0  # seconds for a step


@dataclass(frozen=True, slots=True)
class Member:
    """A host of a mesh: who logs in there, the keys of its SSH server, what it is called and where it is."""

    name: str
    user: str
    host_keys: tuple[str, ...]
    names: tuple[str, ...]
    networks: tuple[tuple[str, str], ...]  # address, and the network that it is in; RDMA first


def member(host: Host, seen: Seen) -> Member:
    """Return a host that was looked at, with FACTS."""
    identity, machine = seen[IDENTITY], seen[MACHINE]
    reached = host.address.rpartition("@")[2]
    names = dict.fromkeys(("" if host.is_local else host.name, seen[HOSTNAME], reached))
    networks: dict[str, str] = {}
    ports: tuple[Interface, ...] = seen[LINKS]
    for port in sorted(ports, key=lambda each: (not each.usable, each.place, each.netdev)):
        if port.kind in OWN and port.carrier is not False:
            networks |= {str(each.ip): str(each.network) for each in port.fixed}
    return Member(
        host.name,
        machine.user,
        identity.keys,
        tuple(name for name in names if PLAIN.fullmatch(name)),
        tuple(networks.items()),
    )


def problems(members: Sequence[Member]) -> Iterator[Problem]:
    """Yield what forbids a mesh of hosts."""
    owners: dict[tuple[str, ...], str] = {}
    for each in members:
        if not each.host_keys:
            message = "its SSH host keys cannot be read, and a key that nobody vouches for is not trusted"
            yield Problem("host-key-unknown", message, each.name, "see there: ls /etc/ssh/ssh_host_*_key.pub")
        elif (other := owners.setdefault(each.host_keys, each.name)) != each.name:
            yield Problem("bad-option", f"{other} and {each.name} are one machine", hint="name it once")


def targets(source: Member, target: Member) -> tuple[str, ...]:
    """Return the addresses at which one host reaches another: all in networks that both have, else a name."""
    shared = {network for _, network in source.networks}
    found = tuple(address for address, network in target.networks if network in shared)
    return found or target.names[-1:]


def known(members: Sequence[Member], of: Member) -> tuple[str, ...]:
    """Return the lines of known_hosts that a host gets: each key of each other, by all its names."""
    return tuple(
        f"{','.join((*each.names, *(address for address, _ in each.networks)))} {key}"
        for each in members
        if each is not of
        for key in each.host_keys
    )


@dataclass(frozen=True, slots=True)
class Programs:
    """node/mesh.py, and the argument vector that reads it from standard input on each host."""

    content: bytes
    argv: Mapping[str, tuple[str, ...]]

    def step(self, verb: str, host: str, body: Mapping[str, Any], reason: str) -> Run:
        """Return the step that does one thing on one host."""
        given = self.content + json.dumps({"do": verb, **body}).encode()
        return Run(f"{verb} {host}", host, Command(self.argv[host], stdin=given, timeout=PATIENCE), reason)


def key_plan(programs: Programs) -> Plan:
    """Return the plan that has each host tell its user's public key, made if there is none."""
    return Plan(
        tuple(programs.step(KEYS, host, {"make": True}, "a key for its user") for host in programs.argv)
    )


def trust_plan(members: Sequence[Member], keys: Mapping[str, str], programs: Programs) -> Plan:
    """Return the plan that lets all users log in everywhere, and makes all host keys known."""
    steps = []
    for each in members:
        others = [f"{key} sparkup:{host}" for host, key in keys.items() if host != each.name]
        body = {"authorized": others, "known": list(known(members, each))}
        steps.append(programs.step(TRUST, each.name, body, "let the others log in, and know them"))
    return Plan(tuple(steps))


def try_plan(members: Sequence[Member], programs: Programs) -> Plan:
    """Return the plan in which each host logs in to each other, at all addresses."""
    steps = []
    for each in members:
        others = (other for other in members if other is not each)
        tried = [f"{other.user}@{address}" for other in others for address in targets(each, other)]
        steps.append(programs.step(TRY, each.name, {"targets": tried}, "log in to the others"))
    return Plan(tuple(steps))
