"""Sparkup on a simulated host itself, for somebody who sits there; and what makes a host look a Spark."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simhosts.hosts import Testbed
from tests.user import ROOT, User

_ALL = (ROOT / "src", Path(sys.prefix), Path(sys.base_prefix))
PLACES = tuple(dict.fromkeys(place.resolve() for place in _ALL if not place.is_relative_to("/usr")))
CARD = "/sys/bus/pci/devices/000f:01:00.0"
MARKS = (("vendor", "0x10de"), ("device", "0x2e12"), ("class", "0x030200"))
SITE = "/usr/lib/python3/dist-packages/arm.pth"
ARM = "import platform; platform.machine = lambda: 'aarch64'\n"


def within(bed: Testbed, number: int, home: Path) -> User:
    """Return somebody on a host of a testbed that shows PLACES; what they print is kept in `home`, here."""
    return User(home, before=tuple(bed.argv(number, ["env", f"PYTHONPATH={ROOT / 'src'}"])))


@contextmanager
def a_spark(bed: Testbed, number: int) -> Iterator[None]:
    """Let a host show the GPU and the processor of a Spark."""
    bed.exec(number, ["mkdir", "-p", CARD])
    for name, value in MARKS:
        bed.exec(number, ["tee", f"{CARD}/{name}"], stdin=f"{value}\n")
    bed.exec(number, ["tee", SITE], stdin=ARM)
    try:
        yield
    finally:
        bed.exec(number, ["rm", "-rf", CARD, SITE])
