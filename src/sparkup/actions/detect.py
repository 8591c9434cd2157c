"""Detect: find hosts, see what joins them, hold that against the inventory, and write it if asked."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sparkup.actions.context import Context
from sparkup.actions.discovery import discovered
from sparkup.actions.fabric import joined
from sparkup.domain.discovery import FoundHost, Search
from sparkup.domain.event import Answered
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.inventory import Inventory
from sparkup.domain.network import Detected, DetectedHost
from sparkup.errors import GateRefused, Problem
from sparkup.facts.identity import fingerprint
from sparkup.planning.detected import inventory_of, known, named, others_alone, renewed, stale


@dataclass(slots=True)
class Wanted:
    """What to search, and where it is written. `base`: the inventory to begin with, imports included.

    `here` says whether an address is that of the host where the search begins. `renewed`: whether hosts
    of the file are taken although their SSH host keys changed.
    """

    file: str
    base: Inventory
    save: Callable[[Inventory], Path | None]  # returns where the file as it was is kept
    search: Search = field(default_factory=Search)
    origin: Host = LOCAL
    here: Callable[[str], bool] = lambda _: False
    cluster: str = ""
    write: bool = False
    renewed: bool = False
    now: Callable[[], datetime] = lambda: datetime.now().astimezone().replace(microsecond=0)
    new: Inventory | None = None  # what would be written
    changed: tuple[Problem, ...] = ()  # hosts of the file whose SSH host keys changed


async def detect(wanted: Wanted, context: Context) -> int:
    """Find hosts and show them. Raises HostUnreachable where the search cannot begin.

    Raises GateRefused where hosts are to be written whose keys changed, and nobody said that this is meant.
    """
    sighted = [each for each in known(wanted.base) if not wanted.here(each.address)]
    async with discovered(wanted.origin, sighted, wanted.search, context) as (there, hunt):
        found = others_alone(named(there, wanted.base), wanted.base, wanted.search)
        fabric = await joined([host.name for host in found.hosts], hunt.runner(found))
    wanted.changed = renewed(wanted.base, found)
    if wanted.write and wanted.changed and not wanted.renewed:
        raise GateRefused(*wanted.changed)
    wanted.new = inventory_of(found, fabric, wanted.base, wanted.cluster, wanted.now())
    at = wanted.base.detected_at
    answer = Detected(
        hosts=tuple(map(_shown, found.hosts)),
        left=found.left,
        scanned=found.scanned,
        notes=found.notes,
        fabric=fabric,
        file=wanted.file,
        age=None if at is None else (wanted.now() - at).total_seconds(),
        stale=stale(wanted.base, found, fabric),
    )
    if wanted.write:
        answer = replace(answer, before=written(wanted), written=True)
    context.emit(Answered(answer))
    return 0


def written(wanted: Wanted) -> str:
    """Write what was found; return where the file as it was is kept. Raises as `save` does."""
    assert wanted.new is not None  # noqa: S101 - detect came before
    before = wanted.save(wanted.new)
    return "" if before is None else str(before)


def _shown(host: FoundHost) -> DetectedHost:
    fabric = tuple(map(str, host.fabric))
    key = fingerprint(host.key)
    return DetectedHost(host.name, host.address, key, host.gb10, fabric, host.told, host.via)
