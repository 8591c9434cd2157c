"""Addresses as users write them: what is wrong with one, and when two of them mean the same machine."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from sparkup.domain.host import LOCAL_NAMES

# What an alias of ssh_config may be as well.
NAME = re.compile(r"\w[\w.+-]*")
INTERFACE = re.compile(r"[^\s/:,]{1,64}")  # longer than Linux allows: RDMA devices have names of 64
URI = "ssh://"  # the one form with a port
EXAMPLES = "name it as SSH knows it: spark1, ada@10.0.0.2"


class Fault(NamedTuple):
    """What is wrong with an address, and what to write instead."""

    message: str
    hint: str


def split(address: str) -> tuple[str, str]:
    """Return the user ("" for none) and the rest of an address."""
    user, _, rest = address.removeprefix(URI).rpartition("@")
    return user, rest


def fault(address: str) -> Fault | None:
    """Return what is wrong with an address, None for one that SSH can be given."""
    user, rest = split(address)
    # SSH would take the first for an option, and hand the others to a shell.
    odd = address[:1] == "-" or not address.isprintable() or re.search(r"[\s'\"`$\\;&|<>(){}]", address)
    if odd or not rest or (user == "" and "@" in address):
        return Fault(f"{address!r} is no host name", EXAMPLES)
    if address.startswith(URI):
        return None
    if "/" in rest:
        return Fault(f"{address!r} is no host name", f"leave out what begins with the slash, {EXAMPLES}")
    return _numbers(address, rest) if _is_number(rest) else _name(address, rest)


def _is_number(rest: str) -> bool:
    return ":" in rest or bool(re.fullmatch(r"[\d.]+", rest))


def _numbers(address: str, rest: str) -> Fault | None:
    found = literal(rest)
    if found is None and rest.count(":") == 1:
        return Fault(f"{address!r} is no host name", f"with a port it is {URI}{address}")
    if found is None:
        return Fault(f"{address!r} is no address", "an IPv4 address has four numbers from 0 to 255")
    if found.is_unspecified or found.is_multicast or str(found) == "255.255.255.255":
        return Fault(f"{address!r} is the address of no machine", "give the host's own address")
    return None


def _name(address: str, rest: str) -> Fault | None:
    return None if NAME.fullmatch(rest) else Fault(f"{address!r} is no host name", EXAMPLES)


def literal(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address that is written in numbers, None for a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def same(address: str) -> str:
    """Return a text that is equal for addresses which are, as they are written, of one machine.

    Users do not count, nor the case of names, a dot at their end, or how a number is written. What SSH's
    configuration makes of a name is not known here.
    """
    _, rest = split(address)
    if rest in LOCAL_NAMES:
        return "localhost"
    return str(literal(rest) or rest.rstrip("./").lower())
