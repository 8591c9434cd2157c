"""Whether an environment has room: on each file system that its installation writes to."""

from sparkup.domain.variant import Variant
from sparkup.errors import Problem
from sparkup.facts.pip_places import PipPlaces, Place

SPARE = 512 << 20  # bytes left free on each disk
TAKEN, DOWNLOAD = "the environment", "what is downloaded"
HINTS = {
    TAKEN: "free some space, or set SPARKUP_DATA_DIR to a larger disk",
    DOWNLOAD: "free some space, or set TMPDIR to a folder on a larger disk",
}


def no_room(variant: Variant, download: int, places: PipPlaces) -> list[Problem]:
    """Return what is in the way, a problem for each file system that is too small."""
    needs = [(places.environments, TAKEN, variant.disk), (places.temporary, DOWNLOAD, download)]
    devices: dict[int, list[tuple[Place, str, int]]] = {}
    for need in needs:
        devices.setdefault(need[0].device, []).append(need)
    return [problem for on_it in devices.values() if (problem := _too_small(on_it))]


def _too_small(needs: list[tuple[Place, str, int]]) -> Problem | None:
    place, first, _ = needs[0]
    total = sum(count for *_, count in needs)
    if place.free >= total + SPARE:
        return None
    parts = " and ".join(f"{size(count)} for {what}" for _, what, count in needs)
    message = f"{parts} would not leave {size(SPARE)} alone: {size(place.free)} are free at {place.path}"
    return Problem("no-disk", message, hint=HINTS[first])


def keeps_downloads(variant: Variant, download: int, places: PipPlaces) -> bool:
    """Say whether there is room for pip's cache as well: it only saves time, and must not fill a disk."""
    needs = ((places.environments, variant.disk), (places.temporary, download), (places.cache, download))
    total = sum(count for place, count in needs if place.device == places.cache.device)
    return places.cache.free >= total + SPARE


def size(count: int) -> str:
    """Return a number of bytes for people: "398 MB", "2.7 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
