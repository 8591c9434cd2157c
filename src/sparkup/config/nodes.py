"""Which hosts a command means: those named, those of a cluster, or this machine; the head comes first."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sparkup.config.addresses import fault, same, split
from sparkup.config.problems import Problems, closest
from sparkup.domain.host import LOCAL, LOCAL_NAMES, Host
from sparkup.domain.inventory import FIRST_CLUSTER, Inventory, KnownHost

BETWEEN = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Named:
    """What a command line says of hosts, as it was typed."""

    words: Sequence[str] = ()  # of -n: names, with commas or blanks between them
    cluster: str | None = None
    solo: bool = False


@dataclass(frozen=True, slots=True)
class Nodes:
    """Hosts, the head first, and what their owner should know of how they were found.

    `chosen` says that the user named them, or a cluster.yaml has them: where nothing is known of any hosts,
    it is this machine for now.
    """

    hosts: tuple[Host, ...]
    notes: tuple[str, ...] = ()
    chosen: bool = True
    known: Inventory = field(default_factory=Inventory)


@dataclass(frozen=True, slots=True)
class Here:
    """This machine: the user on it, and whether a name or an address (without a user) is its own."""

    user: Callable[[], str] = field(default=lambda: "")  # asked only where it matters: it may ask a directory
    owns: Callable[[str], bool] = field(default=lambda _: False)

    def is_here(self, address: str) -> bool:
        """Say whether an address leads to this machine, whoever the user is."""
        rest = split(address)[1]
        return rest in LOCAL_NAMES or self.owns(rest)

    def seen(self, known: Inventory) -> Inventory:
        """Return an inventory as it is from here: a way through this machine begins behind it."""
        hosts = {name: replace(each, via=self._way(each.via)) for name, each in known.hosts.items()}
        return replace(known, hosts=hosts)

    def _way(self, via: str) -> str:
        hops = via.split(",") if via else []
        while any(self.owns(split(hop)[1]) for hop in hops):
            del hops[0]
        return ",".join(hops)

    def host(self, known: KnownHost) -> Host:
        """Return a host; of this machine and its user it is one that needs no SSH."""
        if known.address in LOCAL_NAMES:
            return LOCAL
        user, rest = split(known.address)
        mine = self.owns(rest) and (not user or user == self.user())
        cabled = rest in {str(each.ip) for each in known.fabric}
        return Host(known.name) if mine else Host(known.name, known.address, known.via, cabled)


def nodes(named: Named, inventory: Inventory, here: Here, problems: Problems) -> Nodes:
    """Return the hosts of a command that works on one cluster; notes all that is wrong with them."""
    words = _chosen(named, inventory, problems)
    if words is None:
        return Nodes((LOCAL,), chosen=named.solo)
    return _ordered(words, named, inventory, here, problems)


def everywhere(named: Named, inventory: Inventory, here: Here, problems: Problems) -> Nodes:
    """Return the hosts of a command that looks at all there are, when none are named."""
    if named.words or named.cluster is not None or named.solo or not inventory.hosts:
        return nodes(named, inventory, here, problems)
    return _ordered(tuple(inventory.hosts), named, inventory, here, problems)


def _chosen(named: Named, inventory: Inventory, problems: Problems) -> Sequence[str] | None:
    """Return the words for hosts, None for this machine alone."""
    if named.words and named.cluster is not None:
        problems.add("-n and --cluster contradict each other", "say which hosts in one way")
    if named.words:
        words = [word for text in named.words for word in BETWEEN.split(text) if word]
        if not words:
            problems.add("-n names no host", "name some, or leave it out")
        return words or None
    if named.cluster is None and named.solo:
        return None
    return _cluster(named.cluster, inventory, problems)


def _cluster(name: str | None, inventory: Inventory, problems: Problems) -> Sequence[str] | None:
    groups = inventory.groups
    if name is not None:
        if name not in groups:
            hint = (
                f"there are: {', '.join(groups)}" if groups else "no cluster.yaml has any: name hosts with -n"
            )
            problems.add(f"no cluster is called {name!r}", closest(name, list(groups)) or hint)
        return groups.get(name)
    if len(groups) > 1 and FIRST_CLUSTER not in groups:
        hint = f"say which with --cluster, or call one of them {FIRST_CLUSTER}"
        problems.add(f"there are several clusters: {', '.join(groups)}", hint)
    return groups.get(FIRST_CLUSTER) if len(groups) > 1 else next(iter(groups.values()), None)


def _ordered(
    words: Sequence[str], named: Named, inventory: Inventory, here: Here, problems: Problems
) -> Nodes:
    """Return hosts with the head first: this machine if it is among them, else the first."""
    known = [_known(word, inventory) for word in words]
    _check(words, known, inventory, here, problems)
    if named.solo and len(known) > 1:
        hint = f"leave --solo out, or name one host instead of {len(known)}"
        problems.add("--solo means one machine", hint)
        del known[1:]
    hosts = [here.host(each) for each in known]
    ours = next((index for index, each in enumerate(known) if here.is_here(each.address)), 0)
    if not ours:
        return Nodes(tuple(hosts))
    head = hosts.pop(ours)
    note = f"{words[ours]} is this machine, so it is the head, though {words[0]} was named first"
    return Nodes((head, *hosts), (note,))


def _known(word: str, inventory: Inventory) -> KnownHost:
    """Return the host that is meant by its name, or by its address as it is known."""
    if host := inventory.hosts.get(word):
        return host
    for host in inventory.hosts.values():
        if same(word) == same(host.address) and split(word)[0] in ("", split(host.address)[0]):
            return host
    return KnownHost(word, word)


def _check(
    words: Sequence[str],
    known: Sequence[KnownHost],
    inventory: Inventory,
    here: Here,
    problems: Problems,
) -> None:
    """Note words that cannot be hosts, and those that are one machine: each rank needs one of its own."""
    seen: dict[str, str] = {}
    for word, address in zip(words, (each.address for each in known), strict=True):
        if word in inventory.clusters and word not in inventory.hosts:
            problems.add(f"{word} is a cluster, no host", f"say --cluster {word}")
            continue
        if found := fault(address):
            problems.add(*found)
            continue
        machine = "localhost" if here.is_here(address) else same(address)
        if machine not in seen:
            seen[machine] = word
        elif word == seen[machine]:
            problems.add(f"{word} is named twice", "name each host once")
        else:
            problems.add(f"{seen[machine]} and {word} are one machine", "name it once")
