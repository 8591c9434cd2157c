"""What ibv_devinfo and ibv_devices print: RDMA devices and their ports."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparkup.facts.tools.lines import blocks, decimal, fields, integer, judged, known, lines
from sparkup.facts.tools.sysfs_values import named

DEVICE = re.compile(r"hca_id:\s*(\S+)")
PORT = re.compile(r"port:\s*(\d{1,4})")
LISTED = re.compile(r"(?P<device>\S+)\s+(?P<guid>[0-9a-f]{16}|(?:[0-9a-f]{4}:){3}[0-9a-f]{4})")
COUNTED = re.compile(r"\d+ HCAs? found:")
NOTHING = ("No IB devices found", "------", "0 HCAs found")


@dataclass(frozen=True, slots=True)
class Port:
    """A port. MTUs are RDMA's, in bytes: 4096 at most, 1024 on an Ethernet MTU of 1500."""

    number: int
    state: str | None = None  # PORT_ACTIVE, PORT_DOWN
    physical_state: str | None = None  # LINK_UP; told with -v
    max_mtu: int | None = None
    active_mtu: int | None = None
    link_layer: str | None = None  # Ethernet, InfiniBand
    lid: int | None = None
    width: str | None = None  # 4X; told with -v
    lane_speed: float | None = None  # Gb/s; told with -v

    @property
    def active(self) -> bool:
        """Say whether it is up."""
        return self.state == "PORT_ACTIVE"


@dataclass(frozen=True, slots=True)
class Device:
    """An RDMA device. ibv_devices tells no more of one than its name and GUID."""

    device: str
    transport: str | None = None
    firmware: str | None = None
    node_guid: str | None = None  # 16 hexadecimal digits
    system_guid: str | None = None  # the same for all functions of a card
    vendor: int | None = None
    part: int | None = None  # 4129 for a ConnectX-7
    board: str | None = None  # NVD0000000087 in a DGX Spark
    ports: tuple[Port, ...] = ()


def parse(text: str) -> tuple[Device, ...] | None:
    """Read what ibv_devinfo (plain, -v, -l) or ibv_devices printed, in its order; None for another text."""
    told = [line.strip() for line in lines(text)]
    return judged([_device(block) for block in blocks(told, DEVICE)] or list(_listed(told)), told, *NOTHING)


def _listed(told: list[str]) -> Iterator[Device]:
    yield from (
        Device(row["device"], node_guid=_guid(row["guid"]))
        for line in told
        if (row := LISTED.fullmatch(line))
    )
    counted = [place for place, line in enumerate(told) if COUNTED.fullmatch(line)]
    for place in counted:
        yield from (Device(line) for line in told[place + 1 :] if re.fullmatch(r"[\w.-]+", line))


def _device(block: Sequence[str]) -> Device:
    ports = blocks(block, PORT)
    values = fields(block)
    return Device(
        device=values["hca id"],
        transport=(values.get("transport") or "").partition(" (")[0] or None,
        firmware=known(values.get("fw ver")),
        node_guid=_guid(values.get("node guid")),
        system_guid=_guid(values.get("sys image guid")),
        vendor=integer(values.get("vendor id")),
        part=integer(values.get("vendor part id")),
        board=known(values.get("board id")),
        ports=tuple(_port(fields(port)) for port in ports),
    )


def _port(values: Mapping[str, str]) -> Port:
    return Port(
        number=int(values["port"]),
        state=named(values.get("state")),
        physical_state=named(values.get("phys state")),
        max_mtu=integer(values.get("max mtu")),
        active_mtu=integer(values.get("active mtu")),
        link_layer=known(values.get("link layer")),
        lid=integer(values.get("port lid")),
        width=(values.get("active width") or "").partition(" (")[0] or None,
        lane_speed=decimal(values.get("active speed")),
    )


def _guid(value: str | None) -> str | None:
    """Return 16 hexadecimal digits from "4cbb:4703:002d:1a16"; recordings may have a word in their place."""
    digits = (value or "").replace(":", "").lower()
    return digits if re.fullmatch(r"[0-9a-f]{16}", digits) else None
