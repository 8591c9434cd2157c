"""What ibstat and ibstatus print: RDMA devices and their ports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparkup.facts.tools.lines import blocks, decimal, fields, integer, judged, known, lines
from sparkup.facts.tools.sysfs_values import named

DEVICE = re.compile(r"(?:CA|Infiniband device) '([^']+)'.*")
PORT = re.compile(r"(?:.*\b[Pp]ort )?(\d+)(?: status)?:")


@dataclass(frozen=True, slots=True)
class Port:
    """A port. `rate` is in Gb/s; that of a port that is down (10, 40) means nothing."""

    number: int | None
    state: str | None = None  # Active, Down, Initializing, Armed
    physical_state: str | None = None  # LinkUp, Disabled, Polling
    rate: float | None = None
    link_layer: str | None = None  # Ethernet, InfiniBand
    guid: str | None = None
    lid: int | None = None

    @property
    def active(self) -> bool:
        """Say whether it is up."""
        return (self.state or "").lower() == "active"


@dataclass(frozen=True, slots=True)
class Adapter:
    """An RDMA device; its name is None where ibstat was asked for one port alone."""

    device: str | None
    model: str | None = None  # MT4129 for a ConnectX-7
    firmware: str | None = None
    node_guid: str | None = None
    system_guid: str | None = None  # the same for all functions of a card
    ports: tuple[Port, ...] = ()


def parse(text: str) -> tuple[Adapter, ...] | None:
    """Read what ibstat or ibstatus printed, in its order; None for another text."""
    told = [line.strip() for line in lines(text)]
    return judged(_joined([_adapter(block) for block in blocks(told, DEVICE) or blocks(told, PORT)]), told)


def _adapter(block: Sequence[str]) -> Adapter:
    """Read a block; ibstatus has the device and its port in one line, and of one port there is no device."""
    device, ports = DEVICE.fullmatch(block[0]), blocks(block, PORT)
    values = fields(block)
    return Adapter(
        device=device[1] if device else None,
        model=known(values.get("ca type")),
        firmware=known(values.get("firmware version")),
        node_guid=known(values.get("node guid")),
        system_guid=known(values.get("system image guid")),
        ports=tuple(map(_port, ports)),
    )


def _port(block: Sequence[str]) -> Port:
    number, values = PORT.fullmatch(block[0]), fields(block[1:])
    return Port(
        number=integer(number[1] if number else None),
        state=named(values.get("state")),
        physical_state=named(values.get("physical state", values.get("phys state"))),
        rate=decimal(values.get("rate")),
        link_layer=known(values.get("link layer")),
        guid=known(values.get("port guid")),
        lid=integer(values.get("base lid")),
    )


def _joined(adapters: Sequence[Adapter]) -> list[Adapter]:
    """Return adapters with their ports together: ibstatus tells of each port as of a device of its own."""
    joined: list[Adapter] = []
    for adapter in adapters:
        last = joined[-1] if joined else Adapter(None)
        numbers = {port.number for port in last.ports} & {port.number for port in adapter.ports}
        if last.device == adapter.device and not numbers:
            joined[-1:] = [replace(last, ports=(*last.ports, *adapter.ports))]
        else:
            joined.append(adapter)
    return joined
