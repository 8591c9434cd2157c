"""The fabric: network interfaces with their RDMA devices, and which of them face each other over cables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv4Network


@dataclass(frozen=True, slots=True)
class Gid:
    """An entry of an RDMA port's table of addresses. `kind`: "RoCE v2" or "IB/RoCE v1", as sysfs says."""

    index: int
    value: str  # eight groups of four hexadecimal digits
    kind: str = ""
    netdev: str = ""


@dataclass(frozen=True, slots=True)
class RdmaDevice:
    """An RDMA device, of which a ConnectX-7 has one a function, each with one port."""

    name: str
    state: str | None = None  # ACTIVE, DOWN, INIT, ARMED
    physical_state: str | None = None  # LinkUp, Disabled, Polling
    rate: float | None = None  # Gb/s; a port that is down tells 40, which means nothing
    link_layer: str | None = None  # Ethernet (RoCE) or InfiniBand
    gids: tuple[Gid, ...] = ()
    guid: str | None = None

    @property
    def active(self) -> bool:
        """Say whether its port is up."""
        return self.state == "ACTIVE"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of a host, with the RDMA device upon it. None is what is not known."""

    netdev: str
    mac: str = ""
    carrier: bool | None = None
    up: bool | None = None  # the administrator wants it up
    speed: int | None = None  # Mb/s
    mtu: int | None = None  # bytes
    addresses: tuple[IPv4Interface, ...] = ()
    pci: str = ""  # domain:bus:device.function
    device_id: str = ""  # vendor:device of PCI, 15b3:1021 for a ConnectX-7
    cage: str | None = None  # p0 (next to the RJ45) or p1, as phys_port_name says
    kind: str = ""  # "" for a real one; wireless, bridge, bond, veth, tun, loopback, virtual
    rdma: RdmaDevice | None = None

    @property
    def function(self) -> str:
        """Return the number of its PCI function, which the twins of a cage share; "" if not known."""
        return self.pci.rpartition(".")[2]

    @property
    def usable(self) -> bool:
        """Say whether RDMA can run over it: an active RoCE port."""
        return self.rdma is not None and self.rdma.active and self.rdma.link_layer != "InfiniBand"


@dataclass(frozen=True, slots=True)
class End:
    """One interface of one host."""

    host: str
    netdev: str


@dataclass(frozen=True, slots=True)
class Link:
    """A path on which interfaces of different hosts reach each other: a cable has two ends, a switch any.

    `subnet` is None for twins without addresses, which follow their siblings. `proved`: packets went over it.
    """

    ends: tuple[End, ...]
    subnet: IPv4Network | None
    proved: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the fabric that its owner should know. `level`: fail, warn or note."""

    level: str
    code: str  # of the check, as in docs
    message: str
    where: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fabric:
    """Which interfaces join which hosts. `topology`: solo, pair, doubled-pair, ring, switch, mixed, none."""

    topology: str
    interfaces: Mapping[str, tuple[Interface, ...]]  # of each host, in the order that faces the others'
    links: tuple[Link, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
