"""How a cluster is addressed, as people write it down: netplan, a table of nodes, found variables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface

from sparkup.facts.tools.block_yaml import NotYamlError, Yaml, load
from sparkup.facts.tools.lines import clean, integer, lines

KINDS = ("ethernets", "bonds", "bridges", "vlans", "wifis")
VARIABLE = re.compile(r"(?:export\s+)?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


@dataclass(frozen=True, slots=True)
class NetplanInterface:
    """An interface as a file of netplan wants it. None is what the file leaves to defaults."""

    netdev: str
    kind: str  # ethernets, bonds, bridges, vlans, wifis
    addresses: tuple[str, ...] = ()  # 192.168.177.11/24
    mtu: int | None = None  # bytes
    dhcp4: bool | None = None
    dhcp6: bool | None = None
    link_local: tuple[str, ...] | None = None  # () for none


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """A row of a table of nodes."""

    node: str
    management: str | None
    addresses: tuple[str, ...]  # of the fabric


@dataclass(frozen=True, slots=True)
class Discovered:
    """Variables that a discovery found: NAME=value, values at commas apart."""

    name: str
    values: tuple[str, ...]


def parse(text: str) -> tuple[NetplanInterface | ClusterNode | Discovered, ...] | None:
    """Read a file of netplan, a table of nodes with tabs, or lines NAME=value; None for another text."""
    told = lines(text)
    if (found := _variables(told) or _nodes(told)) or (not told or "addresses\t" in told[0]):
        return tuple(found)
    return _netplan(clean(text))


def _variables(told: Sequence[str]) -> list[Discovered]:
    rows = [row for line in told if (row := VARIABLE.fullmatch(line.strip()))]
    return [Discovered(row["name"], _words(row["value"].strip("\"'"))) for row in rows]


def _nodes(told: Sequence[str]) -> list[ClusterNode]:
    rows = [line.strip("\n").split("\t") for line in told if "\t" in line.strip()]
    return [
        ClusterNode(row[0].strip(), row[1].strip() or None, _words(row[-1]))
        for row in rows
        if len(row) > 2 and all(map(_is_address, _words(row[-1])))
    ]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _is_address(word: str) -> bool:
    try:
        ip_interface(word)
    except ValueError:
        return False
    return True


def _netplan(text: str) -> tuple[NetplanInterface, ...] | None:
    try:
        document = load(text)
    except NotYamlError:
        return None
    network = document.get("network") if isinstance(document, dict) else None
    return tuple(_interfaces(network)) if isinstance(network, dict) else None


def _interfaces(network: dict[str, Yaml]) -> Iterator[NetplanInterface]:
    for kind in KINDS:
        own = network.get(kind)
        for netdev, settings in own.items() if isinstance(own, dict) else ():
            yield _interface(netdev, kind, settings if isinstance(settings, dict) else {})


def _interface(netdev: str, kind: str, settings: dict[str, Yaml]) -> NetplanInterface:
    mtu, link_local = settings.get("mtu"), settings.get("link-local")
    return NetplanInterface(
        netdev=netdev,
        kind=kind,
        addresses=tuple(_names(settings.get("addresses"))),
        mtu=integer(mtu) if isinstance(mtu, str) else None,
        dhcp4=_truth(settings.get("dhcp4")),
        dhcp6=_truth(settings.get("dhcp6")),
        link_local=None if link_local is None else tuple(_names(link_local)),
    )


def _names(value: Yaml | None) -> list[str]:
    """Return the texts of a list; an address with settings of its own is a name with a block."""
    items = value if isinstance(value, list) else [value] if value else []
    names: list[str] = []
    for item in items:
        names += [item] if isinstance(item, str) else item.keys() if isinstance(item, dict) else []
    return names


def _truth(value: Yaml | None) -> bool | None:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    return words.get(value.lower()) if isinstance(value, str) else None
