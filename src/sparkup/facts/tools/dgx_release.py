"""/etc/dgx-release: the factory image of a DGX and the updates since; and the older /etc/fastos-release."""

import re
from dataclasses import dataclass

_ROW = re.compile(
    r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S.*?)?)\s*$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class DgxRelease:
    """Which system a DGX has. `build`: of the factory image, which never moves. The last `ota` counts."""

    name: str | None = None
    pretty_name: str | None = None
    platform: str | None = None
    build: str | None = None
    build_date: str | None = None
    ota: str | None = None  # the newest update; None: as it left the factory
    ota_date: str | None = None
    otas: tuple[str, ...] = ()  # all updates, in the order in which they came
    fastos: str | None = None

    @property
    def version(self) -> str | None:
        """Return the version of the system as it is now."""
        return self.ota or self.build or self.fastos


def parse(text: str) -> DgxRelease | None:
    """Read either file, or both after each other; None for another text. The serial number stays out."""
    rows = [(match[1], match[2] or match[3] or match[4] or "") for match in _ROW.finditer(text)]
    values = {name: value or None for name, value in rows}
    otas = tuple(value for name, value in rows if name == "DGX_OTA_VERSION" and value)
    fastos = "FASTOS" in (values.get("NAME") or "").upper()
    if not fastos and not any(name.startswith("DGX_") for name in values):
        return None
    return DgxRelease(
        name=values.get("DGX_NAME") or values.get("NAME"),
        pretty_name=values.get("DGX_PRETTY_NAME") or values.get("PRETTY_NAME"),
        platform=values.get("DGX_PLATFORM"),
        build=values.get("DGX_SWBUILD_VERSION"),
        build_date=values.get("DGX_SWBUILD_DATE"),
        ota=otas[-1] if otas else None,
        ota_date=_date(rows),
        otas=otas,
        fastos=values.get("VERSION") if fastos else None,
    )


def _date(rows: list[tuple[str, str]]) -> str | None:
    """Return the date beside the last update: an older one's is not its own."""
    date = None
    for name, value in rows:
        if name == "DGX_OTA_VERSION":
            date = None
        elif name == "DGX_OTA_DATE":
            date = value or None
    return date
