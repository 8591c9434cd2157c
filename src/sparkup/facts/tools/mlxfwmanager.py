"""What mlxfwmanager prints: the firmware of NVIDIA's network cards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparkup.facts.tools.lines import blocks, fields, known

DEVICE = re.compile(r"Device Type:.*")
VERSION = re.compile(r"(FW|PXE|UEFI)(?: \(Running\))?:?\s+(\S+)(?:\s+(\S+))?")


@dataclass(frozen=True, slots=True)
class CardFirmware:
    """One card. `psid` names the board: NVD0000000087 in a DGX Spark."""

    model: str | None
    part: str | None = None
    description: str | None = None
    psid: str | None = None
    pci: str | None = None
    firmware: str | None = None
    pxe: str | None = None
    uefi: str | None = None
    available: str | None = None  # firmware that could be installed; never do so on a DGX Spark
    status: str | None = None


def cards(told: Sequence[str]) -> list[CardFirmware]:
    """Return the cards that cleaned lines tell of, in their order."""
    return [_card(block) for block in blocks([line.strip() for line in told], DEVICE)]


def _card(block: Sequence[str]) -> CardFirmware:
    values = fields(block)
    rows = {row[1]: row for line in reversed(block) if (row := VERSION.fullmatch(line))}
    versions = {name: known(row[2]) for name, row in rows.items()}
    return CardFirmware(
        model=known(values.get("device type")),
        part=known(values.get("part number")),
        description=known(values.get("description")),
        psid=known(values.get("psid")),
        pci=known(values.get("pci device name")),
        firmware=versions.get("FW"),
        pxe=versions.get("PXE"),
        uefi=versions.get("UEFI"),
        available=known(values.get("available") or (rows["FW"][3] if "FW" in rows else None)),
        status=known(values.get("status")),
    )
