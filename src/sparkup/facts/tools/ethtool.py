"""What `ethtool IF`, `ethtool -m IF` and `ethtool -i IF` print: the link, the cable and the driver."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkup.facts.tools.lines import blocks, decimal, fields, integer, judged, known, lines

SETTINGS = re.compile(r"Settings for (\S+):")
NOTHING = ("No such device", "No data available", "Operation not supported", "No link settings")


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How a port is linked. `speed` is in Mb/s, None where there is no link."""

    netdev: str | None
    speed: int | None = None
    duplex: str | None = None  # Full, Half
    autonegotiation: bool | None = None
    link: bool | None = None  # there is one
    port: str | None = None  # Direct Attach Copper, FIBRE, Twisted Pair
    lanes: int | None = None
    supported: tuple[str, ...] = ()  # 200000baseCR4/Full


@dataclass(frozen=True, slots=True)
class Module:
    """What is plugged into a cage, as its own memory says. `length` is in metres."""

    identifier: str | None  # QSFP28, QSFP56, QSFP-DD
    transceiver: str | None = None  # 200GBASE-CR4
    encoding: str | None = None
    fec: str | None = None
    vendor: str | None = None
    part: str | None = None
    serial: str | None = None
    length: float | None = None
    temperature: float | None = None  # Celsius


@dataclass(frozen=True, slots=True)
class NetworkDriver:
    """The driver of a port and the firmware of its card."""

    driver: str | None
    version: str | None = None
    firmware: str | None = None
    pci: str | None = None


def parse(text: str) -> tuple[LinkSettings | Module | NetworkDriver, ...] | None:
    """Read what ethtool printed of interfaces, modules or drivers, in its order; None for another text."""
    told = [line.strip() for line in lines(text)]
    links = blocks(told, SETTINGS)
    if links:
        return tuple(_link(block) for block in links)
    found: list[LinkSettings | Module | NetworkDriver] = []
    values = fields(told)
    if "speed" in values or "link detected" in values:
        found.append(_settings(None, values, told))
    if "identifier" in values:
        found.append(_module(values))
    if "driver" in values and "bus-info" in values:
        found.append(_driver(values))
    return judged(found, told, *NOTHING)


def _link(block: Sequence[str]) -> LinkSettings:
    name = SETTINGS.fullmatch(block[0])
    return _settings(name[1] if name else None, fields(block[1:]), block)


def _settings(netdev: str | None, values: Mapping[str, str], block: Sequence[str]) -> LinkSettings:
    return LinkSettings(
        netdev=netdev,
        speed=_speed(values.get("speed")),
        duplex=known(re.sub(r"\(.*\)", "", values.get("duplex", ""))),
        autonegotiation=_truth(values.get("auto-negotiation")),
        link=_truth(values.get("link detected")),
        port=known(values.get("port")),
        lanes=integer(values.get("lanes")),
        supported=tuple(_supported(block)),
    )


def _supported(block: Sequence[str]) -> list[str]:
    """Return the modes that go on below the line that begins their list."""
    modes: list[str] = []
    for line in block:
        if line.startswith("Supported link modes:"):
            modes = [line.partition(":")[2]]
        elif modes and ":" in line:
            break
        elif modes:
            modes.append(line)
    return [word for line in modes for word in line.split() if "base" in word]


def _speed(value: str | None) -> int | None:
    """Return Mb/s from "200000Mb/s" or "200Gb/s"; None for "Unknown!"."""
    match = re.match(r"(\d{1,9}) ?([MG])b/s", value or "")
    return int(match[1]) * (1000 if match[2] == "G" else 1) if match else None


def _truth(value: str | None) -> bool | None:
    """Return what "yes", "on" and their opposites mean; "yes (200G)" is a yes."""
    return {"yes": True, "on": True, "no": False, "off": False}.get((value or "").partition(" ")[0].lower())


def _module(values: Mapping[str, str]) -> Module:
    length = next((value for name, value in values.items() if name.startswith("length")), None)
    named = re.fullmatch(r"0x[0-9a-f]+ \((.*)\)", values["identifier"])
    return Module(
        identifier=known(named[1].partition(" ")[0] if named else values["identifier"]),
        transceiver=known(_inside(values.get("transceiver type"))),
        encoding=known(_inside(values.get("encoding"))),
        fec=known(values.get("active fec encoding")),
        vendor=known(values.get("vendor name")),
        part=known(values.get("vendor pn")),
        serial=known(values.get("vendor sn")),
        length=decimal(length),
        temperature=decimal(values.get("module temperature")),
    )


def _inside(value: str | None) -> str | None:
    """Return the words of "0x05 (64B/66B)", and a value without a number as it is."""
    match = re.fullmatch(r"0x[0-9a-f]+ \((.*)\)", value or "")
    return match[1] if match else value


def _driver(values: Mapping[str, str]) -> NetworkDriver:
    return NetworkDriver(
        driver=known(values["driver"]),
        version=known(values.get("version")),
        firmware=known(values.get("firmware-version", "").partition(" ")[0]),
        pci=known(values["bus-info"]),
    )
