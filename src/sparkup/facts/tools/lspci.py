"""What lspci prints, with any of -D -n -nn -k -v, and mlxfwmanager beside it: devices and their links."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkup.facts.tools.lines import blocks, integer, judged, lines
from sparkup.facts.tools.mlxfwmanager import CardFirmware, cards

SLOT = re.compile(
    r"(?:[\w.-]+: )?(?P<slot>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
IDS = re.compile(r"\[?\b(?P<vendor>[0-9a-f]{4}):(?P<device>[0-9a-f]{4})\b\]?")
LINK = re.compile(
    r"\s*(?P<kind>LnkCap|LnkSta):\s[^:]{0,40}?Speed (?P<speed>\d{1,4}(?:\.\d+)?|unknown)(?:GT/s)?"
    r"(?P<slow>[^,]{0,40}), Width x?(?P<width>\d+)(?P<rest>.*)"
)
LINK_IS, LINK_CAN = "LnkSta", "LnkCap"
MADE_BY = {
    "Mellanox Technologies": "15b3",
    "NVIDIA Corporation": "10de",
}  # names that lspci prints for both ids


@dataclass(frozen=True, slots=True)
class PciLink:
    """A PCI Express link: GT/s a lane, and lanes. `downgraded`: lspci itself says that it could do more."""

    speed: float | None
    width: int | None
    downgraded: bool = False


@dataclass(frozen=True, slots=True)
class PciDevice:
    """A device; its slot is None where its links were cut out of what lspci -vv prints."""

    slot: str | None  # domain:bus:device.function; without a domain it is 0000
    kind: str | None = None  # Ethernet controller
    class_id: str | None = None  # 0200
    name: str | None = None
    vendor_id: str | None = None  # 15b3 for Mellanox, 10de for NVIDIA
    device_id: str | None = None  # 1021 for a ConnectX-7, 2e12 for a GB10
    revision: str | None = None
    driver: str | None = None
    link: PciLink | None = None  # as it is now
    link_can: PciLink | None = None  # as it could be


def parse(text: str) -> tuple[PciDevice | CardFirmware, ...] | None:
    """Read what lspci or mlxfwmanager printed, in its order; None for another text."""
    told = lines(text)
    found: list[PciDevice | CardFirmware] = list(cards(told))
    parts = blocks(told, SLOT)
    if not found:
        rest = told[: len(told) - sum(map(len, parts))]
        links = _alone(rest)
        found += [PciDevice(None, link=each.get(LINK_IS), link_can=each.get(LINK_CAN)) for each in links]
        found += [_device(block) for block in parts]
    return judged(found, told)


def _alone(told: Sequence[str]) -> list[Mapping[str, PciLink]]:
    """Return links that no slot stands above: a state ends what is said of one device."""
    found: list[dict[str, PciLink]] = []
    for line in told:
        for name, link in _links([line]).items():
            if not found or name in found[-1]:
                found.append({})
            found[-1][name] = link
    return list(found)


def _device(block: Sequence[str]) -> PciDevice:
    head = SLOT.fullmatch(block[0])
    slot, rest = (head["slot"].lower(), head["rest"]) if head else ("", "")
    kind, _, name = rest.partition(": ")
    revision = re.search(r"\(rev ([0-9a-f]+)\)", name)
    name = re.sub(r"\s*\((?:rev|prog-if) [^)]*\)", "", name)
    vendor, device = _ids(name or kind)
    links = _links(block[1:])
    driver = next((line.partition(":")[2].strip() for line in block if "Kernel driver in use:" in line), None)
    class_id = re.search(r"(?:^|\[)([0-9a-f]{4})\]?$", IDS.sub("", kind).strip())
    return PciDevice(
        slot=slot if slot.count(":") == 2 else f"0000:{slot}",
        kind=re.sub(r"\s*\[[0-9a-f]{4}\]$|^[0-9a-f]{4}$", "", IDS.sub("", kind).strip()) or None,
        class_id=class_id[1] if class_id else None,
        name=IDS.sub("", name).strip() or None,
        vendor_id=vendor,
        device_id=device,
        revision=revision[1] if revision else None,
        driver=driver,
        link=links.get(LINK_IS),
        link_can=links.get(LINK_CAN),
    )


def _ids(name: str) -> tuple[str | None, str | None]:
    """Return the ids of vendor and device; a device that lspci has no name for is called by its id."""
    if found := list(IDS.finditer(name)):
        return found[-1]["vendor"], found[-1]["device"]
    unnamed = re.search(r"\bDevice ([0-9a-f]{4})$", name)
    vendor = next((number for maker, number in MADE_BY.items() if name.startswith(maker)), None)
    return vendor, unnamed[1] if unnamed else None


def _links(block: Sequence[str]) -> dict[str, PciLink]:
    found: dict[str, PciLink] = {}
    for line in block:
        if link := LINK.match(line):
            speed = None if link["speed"] == "unknown" else float(link["speed"])
            downgraded = "downgraded" in link["slow"] + link["rest"]
            found.setdefault(link["kind"], PciLink(speed, integer(link["width"]), downgraded))
    return found
