"""What Sparks answer when they are looked for: their recorded ports, with keys and names of their own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.fixtures.recorded import answers
from tests.planning.hosts import ADA, NO_SPARK

from sparkup.domain.fabric import Interface
from sparkup.domain.fact import Seen
from sparkup.facts import links
from sparkup.facts.dgx import DGX
from sparkup.facts.hostname import HOSTNAME
from sparkup.facts.identity import IDENTITY, Identity
from sparkup.facts.links import LINKS
from sparkup.facts.machine import MACHINE
from sparkup.facts.neighbours import NEIGHBOURS
from sparkup.facts.tools.ip_neigh import Neighbour

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPOt3c/8mdowz6JfOWtcIDAg99TBjUGSfp5N14hgBIQI"
P0, P1 = "enp1s0f1np1", "enP2p1s0f1np1"


def ports(case: str) -> tuple[Interface, ...]:
    """Return recorded interfaces."""
    return links.parse(answers("links", case))


def key(number: int) -> str:
    """Return the key of a host."""
    return KEY if number == 1 else f"ssh-ed25519 {'A' * 43}{'BCDEFGH'[number]}"


def seen(number: int = 1, *, gb10: bool = True, **changed: Any) -> Seen:  # noqa: ANN401 - of any fact
    """Return what spark1 or spark2 answers, other facts in place of its own."""
    met: Sequence[Neighbour] = ()
    values: dict[str, Any] = {
        IDENTITY.name: Identity((key(number),), f"id{number}"),
        DGX.name: replace(NO_SPARK, gb10=gb10),
        LINKS.name: ports(f"spark{number}"),
        HOSTNAME.name: f"spark{number}",
        NEIGHBOURS.name: met,
        MACHINE.name: ADA,
    }
    return Seen(f"spark{number}", {**values, **changed})
