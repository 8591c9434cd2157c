"""Read cluster.yaml: all that is wrong with it at once, each with its line; what is right as an Inventory."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sparkup.config.inventory_checks import check
from sparkup.config.inventory_schema import DefaultsPart, DetectedPart, File, HostPart, LinkPart, Refused
from sparkup.config.problems import closest
from sparkup.config.yaml_tree import Tree, parse
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fabric import End, Link
from sparkup.domain.inventory import Defaults, Inventory, KnownHost, Place
from sparkup.domain.secret_names import is_secret
from sparkup.errors import InputRefused, Problem

CODE = "bad-inventory"
WORDS = {  # for pydantic's kinds of error
    "model_type": "should be a mapping (KEY: VALUE)",
    "dict_type": "should be a mapping (KEY: VALUE)",
    "list_type": "should be a list ([A, B])",
    "string_type": "should be a text",
    "too_short": "needs two or more",
    "date_parsing": "should be a date, as in 2026-01-31",
    "date_from_datetime_parsing": "should be a date, as in 2026-01-31",
    "timezone_aware": "needs its distance from UTC, as in 2026-01-31T12:00:00Z",
}


def load(path: Path) -> Inventory:
    """Return what a file says; raises InputRefused with all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputRefused(Problem(CODE, f"cannot be read: {reason}", where=str(path))) from None
    except UnicodeDecodeError:
        hint = "see whether it is the right file"
        raise InputRefused(Problem(CODE, "it is no text in UTF-8", where=str(path), hint=hint)) from None
    return read(text, str(path))


def read(text: str, file: str) -> Inventory:
    """Return what the text of a file says; raises InputRefused with all that is wrong with it."""
    tree = parse(text, file, CODE)
    found: File | None = None
    if not tree.problems or tree.value is not None:
        try:
            found = File.model_validate({} if tree.value is None else tree.value)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                _complain(each, tree)
        check(tree)
    if found is None or tree.problems:
        raise InputRefused(*sorted(tree.problems, key=lambda each: _line(each.where.removeprefix(file))))
    return _inventory(found, tree)


def _line(where: str) -> int:
    return int(where.removeprefix(":") or 0)


def _complain(error: Mapping[str, Any], tree: Tree) -> None:
    """Note what pydantic has found, in our words."""
    place: Place = tuple(each for each in error["loc"] if each != "[key]")
    cause = error.get("ctx", {}).get("error")
    if error["type"] == "extra_forbidden":
        known = _keys(place[:-1])
        hint = closest(str(place[-1]), known) or f"there are: {', '.join(known)}"
        tree.add(place, f"unknown key {str(place[-1])!r}", hint)
    elif isinstance(cause, Refused):
        tree.add(place, str(cause), cause.hint)
    else:
        message = WORDS.get(error["type"]) or error["msg"].removeprefix("Input ")
        tree.add(place, f"{'.'.join(map(str, place)) or 'the file'} {message}")


def _keys(place: Place) -> Sequence[str]:
    """Return the keys that the mapping at a place may have."""
    kinds: dict[str, type[BaseModel]] = {
        "hosts": HostPart,
        "defaults": DefaultsPart,
        "detected": DetectedPart if len(place) == 1 else LinkPart,
    }
    return list((kinds[str(place[0])] if place else File).model_fields)


def _inventory(found: File, tree: Tree) -> Inventory:
    detected = found.detected or DetectedPart()
    return Inventory(
        hosts={name: _host(name, part or HostPart()) for name, part in (found.hosts or {}).items()},
        clusters={name: tuple(members) for name, members in (found.clusters or {}).items()},
        defaults=_defaults(found.defaults or DefaultsPart()),
        links=tuple(_link(each) for each in detected.links or ()),
        detected_at=detected.at,
        origins=dict(tree.origins),
    )


def _host(name: str, part: HostPart) -> KnownHost:
    return KnownHost(
        name=name,
        address=part.address or name,
        via=part.via or "",
        eth_if=part.eth_if or "",
        ib_if=tuple(part.ib_if or ()),
        host_key=part.host_key or "",
        verified=part.verified,
        fabric=tuple(part.fabric or ()),
    )


def _defaults(part: DefaultsPart) -> Defaults:
    given = part.env or {}
    plain = {name: text for name, text in given.items() if text is not None and not is_secret(name, text)}
    return Defaults(
        eth_if=part.eth_if or "",
        ib_if=tuple(part.ib_if or ()),
        master_port=part.master_port,
        name=part.name or "",
        image=part.image or "",
        environment=Environment(plain, tuple(_secrets(given))),
        inherited=tuple(name for name, text in given.items() if text is None),
    )


def _secrets(given: Mapping[str, str | None]) -> Iterator[Secret]:
    for name, text in given.items():
        if text is not None and is_secret(name, text):
            yield Secret(name, text)


def _link(part: LinkPart) -> Link:
    ends = (each.rpartition(":") for each in part.ends)
    subnet: IPv4Network | None = part.subnet
    return Link(tuple(End(host, netdev) for host, _, netdev in ends), subnet, part.proved)
