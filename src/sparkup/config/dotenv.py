"""Read the .env of the old scripts as an inventory; it is never executed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkup.config.addresses import INTERFACE, fault, same, split
from sparkup.config.assignments import Assignment, Odd, assignments
from sparkup.config.nodes import BETWEEN
from sparkup.config.problems import closest
from sparkup.domain.command import Environment, Secret
from sparkup.domain.inventory import FIRST_CLUSTER, Defaults, Inventory, KnownHost, Origin, Place
from sparkup.domain.launch import NAME_RULE
from sparkup.domain.secret_names import is_secret
from sparkup.errors import InputRefused, Problem

CODE = "bad-dotenv"
NODES, COPY, LOCAL_IP = "CLUSTER_NODES", "COPY_HOSTS", "LOCAL_IP"
ETH_IF, IB_IF, PORT, NAME = "ETH_IF", "IB_IF", "MASTER_PORT", "CONTAINER_NAME"
OURS = (NODES, COPY, LOCAL_IP, ETH_IF, IB_IF, PORT, NAME)
CONTAINER = "CONTAINER_"  # CONTAINER_X=v is -e X=v
PLACES: Mapping[str, Place] = {
    NODES: ("clusters", FIRST_CLUSTER),
    ETH_IF: ("defaults", "eth_if"),
    IB_IF: ("defaults", "ib_if"),
    PORT: ("defaults", "master_port"),
    NAME: ("defaults", "name"),
}


@dataclass(frozen=True, slots=True)
class DotEnv:
    """What a .env says: an inventory, and what has no place in one.

    `copy_hosts` are addresses to send images and models to, where they differ from the nodes'. `local` is the
    address that it calls this machine's own. `notes` name what is not read.
    """

    inventory: Inventory
    copy_hosts: tuple[str, ...] = ()
    local: str = ""
    notes: tuple[str, ...] = ()


class _Reader:
    """The values of a file, where each was written, and what is wrong with them. A blank one is none."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[str, Assignment] = {}
        self.problems: list[Problem] = []

    def add(self, line: int, message: str, hint: str) -> None:
        self.problems.append(Problem(CODE, message, where=f"{self.file}:{line}", hint=hint))

    def take(self, text: str) -> None:
        for each in assignments(text):
            if isinstance(each, Odd):
                shown = each.text.partition("=")[0].split()[:1] or ["it"]  # what follows may be secret
                hint = "write NAME=VALUE, the value in single quotes; nothing here is executed"
                self.add(each.line, f"{shown[0]}... is no plain assignment", hint)
            elif each.name in self.found:
                before = self.found[each.name].line
                self.add(each.line, f"{each.name} is there twice, first in line {before}", "leave one out")
            else:
                self.found[each.name] = each

    def value(self, name: str) -> str:
        return self.found[name].value.strip() if name in self.found else ""

    def words(self, name: str) -> list[str]:
        return [word for word in BETWEEN.split(self.value(name)) if word]

    def line(self, name: str) -> int:
        return self.found[name].line

    def origin(self, name: str) -> Origin:
        return Origin(self.file, self.line(name))


def load(path: Path) -> DotEnv:
    """Return what a file says; raises InputRefused with all that is wrong with it."""
    try:
        return read(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is no text in UTF-8"
        raise InputRefused(Problem(CODE, f"cannot be read: {reason}", where=str(path))) from None


def read(text: str, file: str) -> DotEnv:
    """Return what the text of a file says; raises InputRefused with all that is wrong with it."""
    reader = _Reader(file)
    reader.take(text)
    hosts = _hosts(reader)
    copies = tuple(_addresses(COPY, reader))
    defaults = _defaults(reader)
    local = next(iter(_addresses(LOCAL_IP, reader)), "")
    if reader.problems:
        raise InputRefused(*sorted(reader.problems, key=lambda each: int(each.where.rpartition(":")[2])))
    inventory = Inventory(
        hosts=hosts,
        clusters={FIRST_CLUSTER: tuple(hosts)} if hosts else {},
        defaults=defaults,
        origins=dict(_origins(hosts, reader)),
    )
    return DotEnv(inventory, copies, local, tuple(_notes(hosts, local, reader)))


def _addresses(name: str, reader: _Reader) -> Iterator[str]:
    """Yield the addresses of a list; notes those that are none, and those that are there twice."""
    seen: dict[str, str] = {}
    for word in reader.words(name):
        if wrong := fault(word):
            reader.add(reader.line(name), f"{name}: {wrong.message}", wrong.hint)
        elif same(word) in seen:
            first = seen[same(word)]
            what = f"{word} is there twice" if word == first else f"{first} and {word} are one machine"
            reader.add(reader.line(name), f"{name}: {what}", "leave one of them out")
        else:
            seen[same(word)] = word
            yield word


def _hosts(reader: _Reader) -> dict[str, KnownHost]:
    """Return the nodes; they are called by their addresses, as nothing else is known."""
    names = ((split(address)[1], address) for address in _addresses(NODES, reader))
    return {name: KnownHost(name, address) for name, address in names}


def _defaults(reader: _Reader) -> Defaults:
    name, given = reader.value(NAME), _variables(reader)
    if name and not NAME_RULE.fullmatch(name):
        reader.add(reader.line(NAME), f"{NAME}: {name!r} is no name", "letters, digits, dots, dashes")
    return Defaults(
        eth_if=next(iter(_interfaces(ETH_IF, [reader.value(ETH_IF)], reader)), ""),
        ib_if=tuple(_interfaces(IB_IF, reader.words(IB_IF), reader)),
        master_port=_port(reader),
        name=name,
        environment=Environment(
            {key: text for key, text in given.items() if not is_secret(key, text)},
            tuple(Secret(key, text) for key, text in given.items() if is_secret(key, text)),
        ),
    )


def _interfaces(name: str, words: Sequence[str], reader: _Reader) -> Iterator[str]:
    for word in filter(None, words):
        if INTERFACE.fullmatch(word):
            yield word
        else:
            reader.add(reader.line(name), f"{name}: {word!r} is no name of an interface", "see: ip link")


def _variable(name: str) -> str:
    """Return the variable of a container that a name stands for, "" for none."""
    rest = name.removeprefix(CONTAINER)
    return rest if name not in (rest, NAME) and rest[:1].isidentifier() else ""


def _variables(reader: _Reader) -> dict[str, str]:
    return {found: each.value for name, each in reader.found.items() if (found := _variable(name))}


def _port(reader: _Reader) -> int | None:
    text = reader.value(PORT)
    if text and not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536):
        reader.add(reader.line(PORT), f"{PORT}: {text!r} is no port", "a port is from 1 to 65535")
        return None
    return int(text) if text else None


def _origins(hosts: Mapping[str, KnownHost], reader: _Reader) -> Iterator[tuple[Place, Origin]]:
    for name in reader.found:
        if place := PLACES.get(name):
            yield place, reader.origin(name)
        elif found := _variable(name):
            yield ("defaults", "env", found), reader.origin(name)
    for host in hosts:
        yield ("hosts", host), reader.origin(NODES)


def _notes(hosts: Mapping[str, KnownHost], local: str, reader: _Reader) -> Iterator[str]:
    for name, each in reader.found.items():
        if name not in OURS and not _variable(name):
            meant = closest(name, OURS)
            yield f"{reader.file}:{each.line}: {name} is not read" + (f"; {meant}" if meant else "")
    if local and hosts and same(local) not in map(same, hosts):
        yield f"{reader.origin(LOCAL_IP)}: {LOCAL_IP} {local} is not among {NODES}"
