"""An inventory: hosts by name, clusters of them, and what launches take when nothing else is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import IPv4Interface
from typing import NamedTuple

from sparkup.domain.command import Environment
from sparkup.domain.fabric import Link

FIRST_CLUSTER = "default"  # what is meant when nobody names one of several

Place = tuple[str | int, ...]  # of a value in the file: ("hosts", "spark1", "address")


class Origin(NamedTuple):
    """Where a value was written."""

    file: str
    line: int  # from 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host of an inventory. "" and () are what is not known, or the same as on the others.

    `host_key` is the fingerprint of its SSH host key, as ssh-keygen -l prints it: what it is known by when
    its addresses change. `fabric` has its addresses on the RDMA links.
    """

    name: str
    address: str  # what SSH is given: a name or an address, perhaps with a user before it
    eth_if: str = ""
    ib_if: tuple[str, ...] = ()
    host_key: str = ""
    verified: date | None = None  # when it last was what it is said to be
    fabric: tuple[IPv4Interface, ...] = ()
    via: str = ""  # the hosts that SSH goes through, as ssh -J takes them


@dataclass(frozen=True, slots=True)
class Defaults:
    """What launches take from an inventory where the command line says nothing."""

    eth_if: str = ""
    ib_if: tuple[str, ...] = ()
    master_port: int | None = None
    name: str = ""  # of the launch, and so of its container
    image: str = ""
    environment: Environment = field(default_factory=Environment)
    inherited: tuple[str, ...] = ()  # variables whose values are taken from the command's own environment


@dataclass(frozen=True, slots=True)
class Inventory:
    """Named hosts and clusters of them, in the order in which they were written.

    `links` and `detected_at` are of the last detection. `origins` has the place in the file of every value.
    """

    hosts: Mapping[str, KnownHost] = field(default_factory=dict)
    clusters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)
    links: tuple[Link, ...] = ()
    detected_at: datetime | None = None
    origins: Mapping[Place, Origin] = field(default_factory=dict, compare=False, repr=False)

    def origin(self, *place: str | int) -> str:
        """Return file:line of a value, or of the closest part around it; "" when nothing of it is written."""
        for end in range(len(place), 0, -1):
            if found := self.origins.get(place[:end]):
                return str(found)
        return ""

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return the clusters; hosts of which none was made are one."""
        return self.clusters or ({FIRST_CLUSTER: tuple(self.hosts)} if self.hosts else {})
