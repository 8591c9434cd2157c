"""A fabric as a drawing in SVG: hosts as boxes, cables as lines, what is wrong below."""

import math
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from sparkup.domain.fabric import Fabric
from sparkup.planning.fabric_cables import Cable, cables
from sparkup.report.fabric_picture import NAMES, joint, quality, title
from sparkup.report.view import printable

BOX = (150, 44)  # pixels, as all figures here
APART = 70  # between two cables of the same hosts, with the words below each
MARGIN = 110
LINE = 17
COLOURS = {"fail": "#b00020", "warn": "#8a5a00", "note": "#444444"}
STYLE = (
    "text{font:13px sans-serif;fill:#222}.host{font-weight:bold}"
    ".small{font-size:11px;fill:#555;paint-order:stroke;stroke:#fff;stroke-width:4px}"
    "rect,circle{fill:#f4f7ec;stroke:#5a7d00;stroke-width:1.5}line{stroke:#5a7d00;stroke-width:3}"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the drawing."""

    x: float
    y: float

    def toward(self, other: "Point", share: float) -> "Point":
        """Return the point at a share of the way to another."""
        return Point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)


def svg(fabric: Fabric) -> str:
    """Return the drawing as a whole SVG document."""
    places = _places(fabric.hosts)
    made = cables(fabric)
    width = max([at.x for at in places.values()], default=0) + MARGIN
    height = max([at.y for at in places.values()], default=0) + MARGIN
    tall = BOX[1] + APART * (len(made) - 1 if len(places) == 2 and len(made) > 1 else 0)
    boxes = [part for host, at in places.items() for part in _host(host, at, tall)]
    drawn = [*_cables(made, places)]
    body = [*(part for part in drawn if part.startswith("<line")), *boxes]
    body += [part for part in drawn if not part.startswith("<line")]  # words lie on top
    said = [*_findings(fabric)]
    whole = height + LINE * len(said) + 20
    below = (_said(line, colour, height + LINE * index) for index, (colour, line) in enumerate(said))
    width = max(width, 720 if said else 480)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{whole:.0f}" role="img">'
    heading = f'<text x="20" y="28" class="host">{_safe(title(fabric))}</text>'
    background = f'<path fill="#ffffff" d="M0 0H{width:.0f}V{whole:.0f}H0Z"/>'
    lines = [head, f"<title>{_safe(title(fabric))}</title>", f"<style>{STYLE}</style>", background, heading]
    return "\n".join([*lines, *body, *below, "</svg>", ""])


def _places(hosts: Sequence[str]) -> Mapping[str, Point]:
    """Return where each host is: two beside each other, more around a circle."""
    if len(hosts) < 3:
        return {host: Point(MARGIN + 430 * index, 140) for index, host in enumerate(hosts)}
    radius = max(190.0, len(hosts) * 48)
    turns = ((host, 2 * math.pi * index / len(hosts) - math.pi / 2) for index, host in enumerate(hosts))
    middle = Point(MARGIN + radius, 90 + radius)
    return {
        host: Point(middle.x + radius * math.cos(turn), middle.y + radius * math.sin(turn))
        for host, turn in turns
    }


def _cables(made: Sequence[Cable], places: Mapping[str, Point]) -> Iterator[str]:
    beside: defaultdict[tuple[str, ...], list[Cable]] = defaultdict(list)
    for cable in made:
        beside[tuple(plug.host for plug in cable.plugs)].append(cable)
    switches = 0
    for cable in made:
        if len(cable.plugs) > 2:
            yield from _switch(cable, places, switches)
            switches += 1
            continue
        same = beside[tuple(plug.host for plug in cable.plugs)]
        shift = APART * (same.index(cable) - (len(same) - 1) / 2)
        one, other = (_moved(places[plug.host], shift) for plug in cable.plugs)
        yield _stroke(one, other)
        yield from _port(cable.plugs[0].port, one, other)
        yield from _port(cable.plugs[1].port, other, one)
        yield from _label(cable, one.toward(other, 0.5))


def _switch(cable: Cable, places: Mapping[str, Point], index: int) -> Iterator[str]:
    xs, ys = [at.x for at in places.values()], [at.y for at in places.values()]
    middle = Point((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2 + 70 * index)
    mine: defaultdict[str, list[str]] = defaultdict(list)
    for plug in cable.plugs:
        mine[plug.host].append(plug.port)
    for host, names in mine.items():
        yield _stroke(middle, places[host])
        yield from _port(", ".join(names), places[host], middle)
    yield f'<circle cx="{middle.x:.0f}" cy="{middle.y:.0f}" r="30"/>'
    yield _word(joint(cable), middle, 4)
    yield from _label(cable, Point(middle.x, middle.y + 42))


def _moved(at: Point, shift: float) -> Point:
    return Point(at.x, at.y + shift)


def _stroke(one: Point, other: Point) -> str:
    return f'<line x1="{one.x:.0f}" y1="{one.y:.0f}" x2="{other.x:.0f}" y2="{other.y:.0f}"/>'


def _port(name: str, at: Point, other: Point) -> Iterator[str]:
    """Yield the name of a port, just outside the box of its host."""
    length = max(math.hypot(other.x - at.x, other.y - at.y), 1)
    steep = abs(other.y - at.y) / length
    out = BOX[0] / 2 + 16 - steep * (BOX[0] - BOX[1]) / 2
    yield _word(name, at.toward(other, min(out / length, 0.45)), -5, "small")


def _label(cable: Cable, at: Point) -> Iterator[str]:
    networks = [str(link.subnet) for link in cable.links if link.subnet]
    for index, line in enumerate([*networks, quality(cable)]):
        yield _word(line, at, 15 + 13 * index, "small")


def _host(host: str, at: Point, height: int) -> Iterator[str]:
    width = BOX[0]
    x, y = at.x - width / 2, at.y - height / 2
    yield f'<rect x="{x:.0f}" y="{y:.0f}" width="{width}" height="{height}" rx="6"/>'
    yield _word(host if len(host) < 20 else f"{host[:18]}…", at, 5, "host")


def _word(word: str, at: Point, down: float, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{at.x:.0f}" y="{at.y + down:.0f}" text-anchor="middle"{style}>{_safe(word)}</text>'


def _said(line: str, colour: str, down: float) -> str:
    return f'<text x="20" y="{down:.0f}" style="fill:{colour}">{_safe(line)}</text>'


def _findings(fabric: Fabric) -> Iterator[tuple[str, str]]:
    for each in fabric.findings:
        where = f" ({each.where})" if each.where else ""
        whole = f"{NAMES[each.level]} {each.code}: {each.message}{where}"
        for line in textwrap.wrap(whole, 95, subsequent_indent="    "):
            yield COLOURS[each.level], line


def _safe(word: str) -> str:
    return escape(printable(word))
