"""Whom a host has met on its networks, and through which interface its packets go where."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from sparkup.domain.fact import Answers, Fact, files, run, whole
from sparkup.facts.tools.ip_neigh import Neighbour, neighbours
from sparkup.facts.tools.ip_route import Route, routes
from sparkup.facts.tools.lines import clean, lines

ARP, ROUTE = "/proc/net/arp", "/proc/net/route"  # for hosts whose `ip` is missing or knows no JSON


def parse_neighbours(answers: Answers) -> tuple[Neighbour, ...]:
    """Read the answers to NEIGHBOURS: those who answered, IPv4 alone."""
    told = neighbours(clean(answers["ip"]["out"]), ()) or neighbours("", _lines(answers, ARP))
    return tuple(each for each in told if each.mac and _is_plain(each.address))


def parse_routes(answers: Answers) -> tuple[Route, ...]:
    """Read the answers to ROUTES: the main table, IPv4 alone."""
    return tuple(routes(clean(answers["ip"]["out"]), ()) or routes("", _lines(answers, ROUTE)))


def _is_plain(address: str) -> bool:
    try:
        IPv4Address(address)
    except ValueError:
        return False
    return True


def _lines(answers: Answers, path: str) -> list[str]:
    return lines(answers["proc"]["files"].get(path, ""))


def way(table: Sequence[Route], target: IPv4Address) -> Route | None:
    """Return the route to a target: of those that hold it the narrowest network, then the least metric."""
    ways = [(IPv4Network(route.to), route) for route in table]
    fitting = [(-network.prefixlen, route.metric or 0, route) for network, route in ways if target in network]
    best = min(fitting, key=lambda each: each[:2], default=None)
    return best[2] if best else None


def default(table: Sequence[Route]) -> Route | None:
    """Return the route to everywhere else, None for a host without one."""
    everywhere = [route for route in table if route.to == "0.0.0.0/0"]
    return min(everywhere, key=lambda route: route.metric or 0, default=None)


NEIGHBOURS: Fact[tuple[Neighbour, ...]] = Fact(
    "neighbours",
    {"ip": run("ip", "-j", "-4", "neigh"), "proc": files(ARP)},
    parse_neighbours,
    unknown=(),
    recorded=whole,
)
ROUTES: Fact[tuple[Route, ...]] = Fact(
    "routes",
    {"ip": run("ip", "-j", "-4", "route"), "proc": files(ROUTE)},
    parse_routes,
    unknown=(),
    recorded=whole,
)
