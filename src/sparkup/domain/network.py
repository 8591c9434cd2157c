"""What is answered of networks between hosts: a fabric, a search for hosts, keys with which hosts log in."""

from dataclasses import dataclass

from sparkup.domain.check import Finding
from sparkup.domain.discovery import Left
from sparkup.domain.fabric import Fabric
from sparkup.errors import Problem


@dataclass(frozen=True, slots=True)
class FabricShown:
    """What joins some hosts, and what is wrong with it. `svg`: the file with a drawing, "" for none."""

    hosts: tuple[str, ...]
    fabric: Fabric
    svg: str = ""
    problems: tuple[Problem, ...] = ()  # of hosts that could not be asked


@dataclass(frozen=True, slots=True)
class DetectedHost:
    """A host that was found, and why it was taken. `address`: how SSH reaches it, "" for this machine.

    `via`: the hosts that SSH goes through, as ssh -J takes them.
    """

    name: str
    address: str
    host_key: str  # fingerprint
    gb10: bool
    fabric: tuple[str, ...]  # its addresses on RDMA ports, with /BITS
    why: tuple[str, ...]
    via: str = ""


@dataclass(frozen=True, slots=True)
class Detected:
    """What a search found. `age`: seconds since what `file` says was detected, None where it never was.

    `before`: where the file as it was is kept, "" for none.
    """

    hosts: tuple[DetectedHost, ...]
    left: tuple[Left, ...]
    scanned: tuple[str, ...]  # networks
    notes: tuple[str, ...]
    fabric: Fabric
    file: str
    written: bool = False
    before: str = ""
    age: float | None = None
    stale: tuple[Finding, ...] = ()  # where the file differs from what is there


@dataclass(frozen=True, slots=True)
class Pair:
    """Whether one host can log in to another, at each of its addresses that it may use.

    `refused`: address and why not. `tried` has all addresses.
    """

    source: str
    target: str
    tried: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Meshed:
    """Which hosts can log in to each other. `changed`: host and what was changed there."""

    hosts: tuple[str, ...]
    pairs: tuple[Pair, ...]
    changed: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
