"""What `ip` prints of interfaces and addresses, neighbours and routes; the text tells which of them."""

from sparkup.facts.tools.ip_addr import NetworkInterface, interfaces
from sparkup.facts.tools.ip_neigh import Neighbour, neighbours
from sparkup.facts.tools.ip_route import Route, routes
from sparkup.facts.tools.lines import clean, judged, lines, objects

NOTHING = ("does not exist", "Cannot find device", "IP address", "Destination")


def parse(text: str) -> tuple[NetworkInterface | Neighbour | Route, ...] | None:
    """Read what `ip addr`, `ip link`, `ip neigh` or `ip route` printed; None for another text."""
    cleaned = clean(text)
    told = lines(cleaned)
    found: list[NetworkInterface | Neighbour | Route] = []
    found += interfaces(cleaned, told) or neighbours(cleaned, told) or routes(cleaned, told)
    items = objects(cleaned)
    return judged(found, told if items is None else map(str, items), *NOTHING)
