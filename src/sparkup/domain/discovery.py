"""What a search for other machines found: those that are who they say, and what was not taken, and why."""

from dataclasses import dataclass
from ipaddress import IPv4Interface

from sparkup.domain.fabric import Interface


@dataclass(frozen=True, slots=True)
class Sighting:
    """What SSH is given to reach something, and who told of it."""

    address: str
    told: tuple[str, ...]
    name: str = ""  # what the inventory calls it
    via: str = ""  # the hosts that SSH goes through, the last of them who told


@dataclass(frozen=True, slots=True)
class FoundHost:
    """A host that was logged in to. `key` is its public SSH host key, `address` is "" for this machine.

    `via`: the hosts that SSH goes through, as ssh -J takes them, "" for one that is reached from here.
    """

    name: str
    address: str
    told: tuple[str, ...]
    key: str
    gb10: bool
    interfaces: tuple[Interface, ...] = ()
    via: str = ""

    @property
    def fabric(self) -> tuple[IPv4Interface, ...]:
        """Return its fixed addresses on ports that RDMA can use."""
        ports = sorted(self.interfaces, key=lambda port: (port.place, port.netdev))
        return tuple(each for port in ports if port.usable for each in port.fixed)


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was seen and not taken. `code`: of errors, not-gb10, not-its-address or nobody."""

    address: str
    told: tuple[str, ...]
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """How to search. `scan`: try the addresses of the fabric's networks; `large`: also of large ones.

    `any_machine`: what is no Spark is taken as well. `enough`: GPUs with which one host needs no other.
    """

    scan: bool = True
    large: bool = False
    any_machine: bool = False
    enough: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: the host where the search began, first, and its peers."""

    hosts: tuple[FoundHost, ...]
    left: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()  # networks
