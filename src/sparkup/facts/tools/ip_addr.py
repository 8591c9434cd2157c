"""What `ip addr` and `ip link` print, also with -d, -s, -o, -br, -4 and -j: interfaces and addresses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sparkup.facts.tools.lines import integer, known, objects

# "4: eth0@if5: <BROADCAST,UP> mtu 1500 ...", and "4: eth0    inet 192.0.2.2/24 ..." with -o.
HEAD = re.compile(
    r"(?P<index>\d{1,10}): (?P<name>[^\s:@]+)(?:@(?P<parent>[^\s:]+))?(?::|(?= )) *(?P<rest>.*)"
)
BRIEF = re.compile(
    r"(?P<name>[^\s:@]+)(?:@(?P<parent>\S+))?\s+(?P<state>UP|DOWN|UNKNOWN|DORMANT|LOWERLAYERDOWN|NOTPRESENT|TESTING)"
    r"(?:\s+(?P<rest>.*))?"
)
FLAGS = re.compile(r"<([A-Z0-9_,-]*)>")
ADDRESS = re.compile(
    r"\b(?P<family>inet6?) (?P<local>[^\s/]+)(?: peer [^\s/]+)?(?:/(?P<prefix>\d+))?(?P<rest>.*)"
)
BARE = re.compile(r"(?<!\S)(?P<local>[0-9a-f:.]{2,45})(?: peer [0-9a-f:.]{2,45})?/(?P<prefix>\d{1,3})(?!\S)")
INTERFACE = re.compile(r"<|(?:inet6?|link/\w+) ")
BRIEFED = re.compile(r"<.*>|[0-9a-f:.]+(?:/\d+)?|metric|peer|\d+")
MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5,19}")


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface; `family`: inet or inet6."""

    family: str
    address: str
    prefix: int | None
    scope: str | None = None  # global, link, host
    dynamic: bool | None = None  # it came by DHCP or a router, and may go


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """An interface. What an output leaves out is None; `up` is what the administrator wants."""

    name: str
    index: int | None = None
    parent: str | None = None  # what it is upon, "if5" for something in another namespace
    up: bool | None = None
    carrier: bool | None = None  # there is a cable, and somebody at its other end
    state: str | None = None  # UP, DOWN, UNKNOWN
    mtu: int | None = None
    mac: str | None = None
    addresses: tuple[Address, ...] = ()


def interfaces(text: str, told: Sequence[str]) -> list[NetworkInterface]:
    """Return the interfaces that a cleaned text tells of, in its order, once each."""
    found: dict[str, NetworkInterface] = {}
    for each in _of_json(text) if objects(text) is not None else _of_lines(told):
        before = found.get(each.name, NetworkInterface(each.name))
        more = {
            name: value
            for name, value in ((name, getattr(each, name)) for name in each.__slots__)
            if value is not None
        }
        found[each.name] = replace(before, **{**more, "addresses": (*before.addresses, *each.addresses)})
    return list(found.values())


def _of_json(text: str) -> Iterator[NetworkInterface]:
    for item in objects(text) or ():
        if "ifname" in item and ("addr_info" in item or "flags" in item):
            flags = item.get("flags")
            addresses = item.get("addr_info")
            yield NetworkInterface(
                name=str(item["ifname"]),
                index=_number(item.get("ifindex")),
                parent=_word(item.get("link") or (item.get("link_index") and f"if{item['link_index']}")),
                mtu=_number(item.get("mtu")),
                state=_word(item.get("operstate")),
                mac=_mac(_word(item.get("address"))),
                addresses=tuple(_json_addresses(addresses if isinstance(addresses, list) else [])),
                **_of_flags(flags if isinstance(flags, list) else None),
            )


def _json_addresses(items: Sequence[object]) -> Iterator[Address]:
    for item in items:
        if isinstance(item, dict) and "local" in item:
            prefix, scope = _number(item.get("prefixlen")), _word(item.get("scope"))
            dynamic = bool(item.get("dynamic")) if "valid_life_time" in item else None
            yield Address(_family(str(item["local"])), str(item["local"]), prefix, scope, dynamic)


def _of_lines(told: Sequence[str]) -> Iterator[NetworkInterface]:
    name = ""
    for line in told:
        if (head := HEAD.match(line)) and INTERFACE.match(head["rest"]):
            name = head["name"]
            yield _headed(head)
        elif name and line[0].isspace():
            yield NetworkInterface(name, mac=_mac(line), addresses=tuple(_addresses(line)))
        elif (brief := BRIEF.fullmatch(line)) and all(map(BRIEFED.fullmatch, (brief["rest"] or "").split())):
            yield _brief(brief)


def _headed(head: re.Match[str]) -> NetworkInterface:
    rest = head["rest"]
    flags = FLAGS.match(rest)
    values = rest.partition("\\")[0].split()
    pairs = dict(pairwise(values)) if flags else {}
    return NetworkInterface(
        name=head["name"],
        index=int(head["index"]),
        parent=head["parent"],
        mtu=integer(pairs.get("mtu")),
        state=known(pairs.get("state")),
        mac=_mac(rest),
        addresses=tuple(_addresses(rest)),
        **_of_flags(flags[1].split(",") if flags else None),
    )


def _brief(brief: re.Match[str]) -> NetworkInterface:
    rest = brief["rest"] or ""
    flags = FLAGS.search(rest)
    addresses = (
        Address(_family(each["local"]), each["local"], int(each["prefix"])) for each in BARE.finditer(rest)
    )
    return NetworkInterface(
        name=brief["name"],
        parent=brief["parent"],
        state=known(brief["state"]),
        mac=_mac(rest),
        addresses=tuple(addresses),
        **_of_flags(flags[1].split(",") if flags else None),
    )


def _addresses(line: str) -> Iterator[Address]:
    for each in ADDRESS.finditer(line):
        words = each["rest"].partition("\\")[0].split()
        scope = dict(pairwise(words)).get("scope")
        yield Address(each["family"], each["local"], integer(each["prefix"]), scope, "dynamic" in words)


def _family(address: str) -> str:
    return "inet6" if ":" in address else "inet"


def _of_flags(flags: Sequence[object] | None) -> Mapping[str, bool | None]:
    if flags is None:
        return {"up": None, "carrier": None}
    # Without carrier there is NO-CARRIER, but only while it is up; down and without a cable look alike.
    carrier = True if "LOWER_UP" in flags else False if "NO-CARRIER" in flags else None
    return {"up": "UP" in flags, "carrier": carrier}


def _mac(text: str | None) -> str | None:
    match = re.search(rf"(?:^|\s)({MAC.pattern})(?!\S)", text or "")
    return match[1] if match else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _word(value: object) -> str | None:
    return known(value) if isinstance(value, str) else None
