"""What `free` prints, in whichever unit: columns and rows by their place, as their names are translated."""

import re
from dataclasses import dataclass

_HEADER = re.compile(r"^\s+[^\W\d]\S*(?:\s+[^\W\d]\S*){2,}\s*$", re.MULTILINE)
_ROW = re.compile(r"^[ \t]*[^\d\s:][^\d:]*:((?:[ \t]+\d+(?:[.,]\d+)?[BKMGTP]?i?){3,})[ \t]*$", re.MULTILINE)
_CELL = re.compile(r"(\d+(?:[.,]\d+)?)([BKMGTP]?)i?(?!\S)")
_POWERS = "BKMGTP"


@dataclass(frozen=True, slots=True)
class Free:
    """Sizes in bytes; `rounded` where the unit is a larger one than 1024 bytes, as with `free -h`."""

    total: int
    used: int
    free: int
    shared: int | None = None
    buffers_and_cache: int | None = None
    available: int | None = None
    swap_total: int | None = None
    swap_used: int | None = None
    swap_free: int | None = None
    rounded: bool = False


def parse(text: str) -> Free | None:
    """Read the output of `free` with any of -b -k -m -g -h -w -t; None for another text."""
    header, rows = _HEADER.search(text), [_CELL.findall(cells) for cells in _ROW.findall(text)]
    if header is None or not rows:
        return None
    number, letter = rows[0][0]
    unit = 1 << 10 if letter else _unit(float(number.replace(",", ".")))
    memory, swap = ([_bytes(size, letter, unit) for size, letter in row] for row in (rows[0], [*rows, []][1]))
    new = len(memory) >= 6 and "-/+" not in text  # procps before 3.3.10 has no column `available`
    return Free(
        total=memory[0],
        used=memory[1],
        free=memory[2],
        shared=memory[3] if len(memory) > 3 else None,
        buffers_and_cache=sum(memory[4:-1] if new else memory[4:]) if len(memory) > 4 else None,
        available=memory[-1] if new else None,
        swap_total=swap[0] if swap else None,
        swap_used=swap[1] if swap else None,
        swap_free=swap[2] if swap else None,
        rounded=bool(letter) or unit > 1 << 10,
    )


def _unit(total: float) -> int:
    """Return the bytes of a number without a unit, told by its size: hosts have 1 GiB to 1 TiB."""
    for most, power in ((1 << 10, 30), (1 << 20, 20), (1 << 31, 10)):
        if total < most:
            return 1 << power
    return 1


def _bytes(number: str, letter: str, unit: int) -> int:
    return int(float(number.replace(",", ".")) * (1 << 10 * _POWERS.index(letter) if letter else unit))
