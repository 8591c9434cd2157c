"""The fabric: network interfaces with their RDMA devices, and which of them face each other over cables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Literal

from sparkup.domain.check import Finding

Topology = Literal["solo", "pair", "doubled-pair", "ring", "switch", "mixed", "none"]
CONNECTX7 = "15b3:1021"
RATE = 200  # Gb/s that a cable of a Spark carries


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
    master: str = ""  # the bond or bridge that it is part of

    @property
    def fixed(self) -> tuple[IPv4Interface, ...]:
        """Return its addresses without those that a machine gives itself (169.254/16, 127/8)."""
        return tuple(each for each in self.addresses if not (each.is_link_local or each.is_loopback))

    @property
    def port(self) -> str:
        """Return the name of its cage, which people see on the case; "" if it is not known."""
        return self.cage or ({"0": "p0", "1": "p1"}.get(self.function, "") if self.connectx7 else "")

    @property
    def connectx7(self) -> bool:
        """Say whether it is of a ConnectX-7, as every Spark has one."""
        return self.device_id == CONNECTX7

    @property
    def place(self) -> tuple[str, str]:
        """Return its PCI domain, bus and device, and its function: NCCL sorts devices by these."""
        slot, _, function = self.pci.rpartition(".")
        return slot, function

    @property
    def function(self) -> str:
        """Return the number of its PCI function, which the twins of a cage share; "" if not known."""
        return self.pci.rpartition(".")[2]

    @property
    def down(self) -> bool:
        """Say whether nothing goes over it, as its interface or its RDMA device tells: either may lag."""
        dark = self.rdma is not None and not self.rdma.active
        return self.up is False or self.carrier is False or dark

    @property
    def usable(self) -> bool:
        """Say whether RDMA can run over it: an active RoCE port."""
        return self.rdma is not None and not self.down and self.rdma.link_layer != "InfiniBand"


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
class Control:
    """Where the processes of a host talk to those of the others: everything but the bulk, which is RDMA."""

    netdev: str
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of the processes on one host, and why it is set."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fabric:
    """Which interfaces join which hosts. Mappings have all hosts, in the order in which they were given."""

    topology: Topology
    interfaces: Mapping[str, tuple[Interface, ...]]  # all that each host has
    links: tuple[Link, ...] = ()
    # What carries RDMA. Where one link joins all hosts, those at one index of every host are on one link.
    rails: Mapping[str, tuple[Interface, ...]] = field(default_factory=dict)
    control: Mapping[str, Control] = field(default_factory=dict)  # empty where no network joins all hosts
    findings: tuple[Finding, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the hosts."""
        return tuple(self.interfaces)

    @property
    def rdma(self) -> bool:
        """Say whether RDMA joins the hosts; if not, what is sent between them goes over TCP."""
        return len(self.hosts) > 1 and all(self.rails.get(host) for host in self.hosts)
