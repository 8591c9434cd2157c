"""A fabric as text for a terminal: who is plugged into whom, over which networks, how fast, what is wrong."""

import textwrap
from collections.abc import Iterator

from sparkup.domain.fabric import Fabric, Interface
from sparkup.planning.fabric_cables import Cable, Plug, cables
from sparkup.report.view import printable

NAMES = {"fail": "FAIL", "warn": "WARN", "note": "note"}


def text(fabric: Fabric, width: int = 80) -> str:
    """Return the drawing; no line of it is wider than a terminal, if names are not."""
    made = cables(fabric)
    parts = [
        [title(fabric)],
        *([*_cable(cable, fabric, width)] for cable in made),
        [*_unused(fabric)],
        [*_control(fabric, width)],
        [*_findings(fabric, width)],
    ]
    return "\n\n".join("\n".join(map(printable, lines)) for lines in parts if lines) + "\n"


def title(fabric: Fabric) -> str:
    """Return what it is, in a line."""
    hosts, many = fabric.hosts, len(fabric.hosts)
    rails = max((len(mine) for mine in fabric.rails.values()), default=0)
    devices = "1 device" if rails == 1 else f"{rails} devices"
    over = f"RDMA (RoCE), {devices} on each" if fabric.rdma else "no RDMA"
    match fabric.topology:
        case "solo":
            return f"{hosts[0] if hosts else 'no host'}: one host alone, so no link was looked for"
        case "none":
            return f"{many} hosts that no link joins: TCP"
        case "pair":
            return f"{hosts[0]} and {hosts[1]}, one cable: {over}"
        case "doubled-pair":
            return f"{hosts[0]} and {hosts[1]}, two cables: {over}"
        case "mixed":
            return f"{many} hosts, different links: {over}"
        case _:
            return f"{fabric.topology} of {many} hosts: {over}"


def quality(cable: Cable) -> str:
    """Return how fast it is, and its MTU."""
    speeds = " and ".join(f"{rate:g}" for rate in cable.rates)
    sizes = " and ".join(map(str, cable.mtus))
    return ", ".join(([f"{speeds} Gb/s"] if speeds else []) + ([f"MTU {sizes}"] if sizes else []))


def joint(cable: Cable) -> str:
    """Return what joins more than two plugs: between two hosts it is cables that share a network."""
    return "switch" if len({plug.host for plug in cable.plugs}) > 2 else "network"


def _cable(cable: Cable, fabric: Fabric, width: int) -> Iterator[str]:
    if len(cable.plugs) > 2:
        yield from _right(joint(cable), quality(cable), width)
        for plug in cable.plugs:
            corner = "╚" if plug == cable.plugs[-1] else "╠"
            below = " " if plug == cable.plugs[-1] else "║"
            yield from _line(f"{corner}═ {plug.port} {plug.host}", [*_ends(plug, fabric)], below, width)
        return
    one, other = cable.plugs
    yield from _right(f"{one.host} {one.port} ═════ {other.port} {other.host}", quality(cable), width)
    for link in cable.links:
        first, second = (_end(end.netdev, end.host, fabric) for end in link.ends[:2])
        follows = "" if link.subnet else "  (no addresses)"
        yield f"    {first} ── {second}{follows}"


def _right(left: str, right: str, width: int) -> Iterator[str]:
    gap = width - len(left) - len(right)
    yield from (left + " " * gap + right,) if gap > 1 else (left, f"    {right}")


def _line(head: str, parts: list[str], below: str, width: int) -> Iterator[str]:
    whole = "  ".join((head, *parts))
    if len(whole) <= width:
        yield whole
        return
    yield head
    for part in parts:
        yield f"{below}     {part}"


def _ends(plug: Plug, fabric: Fabric) -> Iterator[str]:
    for end in plug.ends:
        yield _end(end.netdev, end.host, fabric)


def _end(netdev: str, host: str, fabric: Fabric) -> str:
    found = next(each for each in fabric.interfaces[host] if each.netdev == netdev)
    return f"{netdev} {found.fixed[0]}" if found.fixed else netdev


def _unused(fabric: Fabric) -> Iterator[str]:
    """Yield the ports that are up and lead nowhere here; of one that is down there is nothing to say."""
    if fabric.topology == "solo":
        return
    used = {(end.host, end.netdev) for link in fabric.links for end in link.ends}
    for host, mine in fabric.interfaces.items():
        for each in mine:
            if each.usable and (host, each.netdev) not in used:
                yield f"not used: {host} {_name(each)}{f' {each.fixed[0]}' if each.fixed else ''}"


def _name(each: Interface) -> str:
    return f"{each.port} {each.netdev}" if each.port else each.netdev


def _control(fabric: Fabric, width: int) -> Iterator[str]:
    if fabric.control:
        told = (f"{host} {each.netdev} {each.address}" for host, each in fabric.control.items())
        yield "hosts find each other over:"
        yield from _wrapped(told, width)


def _wrapped(words: Iterator[str], width: int) -> Iterator[str]:
    """Yield words in lines as they fit, none of them broken."""
    line = ""
    for word in words:
        longer = f"{line}, {word}" if line else f"    {word}"
        if line and len(longer) > width - 1:
            yield f"{line},"
            longer = f"    {word}"
        line = longer
    yield line


def _findings(fabric: Fabric, width: int) -> Iterator[str]:
    for each in fabric.findings:
        where = f"  {each.where}" if each.where else ""
        yield f"{NAMES[each.level]}  {each.code}{where}"
        for line, first in ((each.message, "      "), (each.hint, "      → ")):
            yield from textwrap.wrap(line, width, initial_indent=first, subsequent_indent=" " * len(first))
