"""Who made a machine, as its firmware says: files of /sys/class/dmi/id, dmidecode, or a table of several."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# The eight who sell machines with a GB10 and how they call them: never look for "DGX Spark" alone.
GB10 = re.compile(
    r"DGX[_ ]Spark|\bGB10\b|\bGX10\b|AI TOP ATOM|ZGX Nano|30KL|ThinkStation PGX|MS-C931|EdgeXpert|GN100",
    re.IGNORECASE,
)
_FIELDS = {
    "sys_vendor": "vendor",
    "manufacturer": "vendor",
    "vendor": "bios_vendor",
    "bios_vendor": "bios_vendor",
    "product_name": "product",
    "product name": "product",
    "product_family": "family",
    "family": "family",
    "product_version": "version",
    "version": "version",
    "bios_version": "bios_version",
    "bios_date": "bios_date",
    "release date": "bios_date",
    "board_vendor": "board_vendor",
    "board_name": "board",
}
_NOTHING = re.compile(
    r"-*|n/?a|none|default string|not specified|to be filled by o\.e\.m\.|unknown|system \w+", re.IGNORECASE
)
# "/sys/class/dmi/id/sys_vendor:NVIDIA" of grep, "sys_vendor=NVIDIA", "    Manufacturer: NVIDIA" of dmidecode
_ROW = re.compile(r"^\s*(?:\S*/)?([A-Za-z][\w ]*?)\s*[:=\t]\s*(.*?)\s*$")
_SECTION = re.compile(r"^(?:Handle 0x|(BIOS|System|Base Board|Chassis)(?: Board)? Information)")


@dataclass(frozen=True, slots=True)
class Dmi:
    """A machine. `gb10`: whether it is sold with a GB10, judged by its name alone; None without a name."""

    vendor: str | None = None
    product: str | None = None
    family: str | None = None
    version: str | None = None
    bios_vendor: str | None = None
    bios_version: str | None = None
    bios_date: str | None = None
    board_vendor: str | None = None
    board: str | None = None
    gb10: bool | None = None


def parse(text: str) -> tuple[Dmi, ...] | None:
    """Return each machine of a text; None for another text. Serial numbers and UUIDs stay out."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    header = [cell.strip().lower() for cell in lines[0].split("\t")]
    if len(header) > 2 and "sys_vendor" in header:
        return tuple(machine(dict(zip(header, line.split("\t"), strict=False))) for line in lines[1:])
    values = dict(_rows(lines))
    return (machine(values),) if {"sys_vendor", "product_name", "manufacturer"} & set(values) else None


def _rows(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and values; dmidecode has the same names in each of its sections."""
    section = ""
    for line in lines:
        if found := _SECTION.match(line):
            section = found[1] or ""
        elif row := _ROW.match(line):
            name = row[1].lower()
            if section == "BIOS":
                name = {"version": "bios_version", "vendor": "bios_vendor"}.get(name, name)
            elif section == "Base Board":
                name = {"manufacturer": "board_vendor", "product name": "board_name"}.get(name, "")
            elif section not in ("", "System"):
                continue
            yield name, row[2]


def machine(values: Mapping[str, str]) -> Dmi:
    """Return the machine of which names of /sys/class/dmi/id (or dmidecode's) and their values tell."""
    found: dict[str, str] = {}
    for name, value in values.items():
        field = _FIELDS.get(name.strip())
        if field is not None and not _NOTHING.fullmatch(value.strip()):
            found.setdefault(field, value.strip())
    names = " ".join(found.get(name, "") for name in ("product", "family", "board"))
    return Dmi(**found, gb10=bool(GB10.search(names)) if names.strip() else None)
