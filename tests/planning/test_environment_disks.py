"""Room for an environment, on every file system that its installation writes to."""

from dataclasses import replace

import pytest
from tests.planning.test_environments import VARIANT

from sparkup.facts.pip_places import PipPlaces, Place
from sparkup.planning.environment_disks import keeps_downloads, no_room, size

SPARE = 512 << 20
DOWNLOAD = VARIANT.downloads["x86_64"]


def places(environments: int, temporary: int, cache: int, *, apart: bool = True) -> PipPlaces:
    """Return places with so much free, each on a disk of its own or all on one."""
    one, two, three = (1, 2, 3) if apart else (1, 1, 1)
    return PipPlaces(Place("/e", one, environments), Place("/t", two, temporary), Place("/c", three, cache))


def test_each_disk_has_to_have_room() -> None:
    assert no_room(VARIANT, DOWNLOAD, places(VARIANT.disk + SPARE, DOWNLOAD + SPARE, 0)) == []
    first, second = no_room(VARIANT, DOWNLOAD, places(VARIANT.disk + SPARE - 1, DOWNLOAD + SPARE - 1, 0))
    assert (first.code, second.code) == ("no-disk", "no-disk")
    assert first.message == ("2.6 GB for the environment would not leave 537 MB alone: 3.1 GB are free at /e")
    assert "SPARKUP_DATA_DIR" in first.hint
    assert second.message == (
        "612 MB for what is downloaded would not leave 537 MB alone: 1.1 GB are free at /t"
    )
    assert "TMPDIR" in second.hint


def test_what_is_on_one_disk_is_added_up() -> None:
    need = VARIANT.disk + DOWNLOAD + SPARE
    assert no_room(VARIANT, DOWNLOAD, places(need, need, 0, apart=False)) == []
    (problem,) = no_room(VARIANT, DOWNLOAD, places(need - 1, need - 1, 0, apart=False))
    assert problem.message.startswith("2.6 GB for the environment and 612 MB for what is downloaded would")


def test_a_cache_is_only_used_where_there_is_room_for_it_as_well() -> None:
    assert keeps_downloads(VARIANT, DOWNLOAD, places(0, 0, DOWNLOAD + SPARE))
    assert not keeps_downloads(VARIANT, DOWNLOAD, places(0, 0, DOWNLOAD + SPARE - 1))
    need = VARIANT.disk + 2 * DOWNLOAD + SPARE
    assert keeps_downloads(VARIANT, DOWNLOAD, places(0, 0, need, apart=False))
    assert not keeps_downloads(VARIANT, DOWNLOAD, places(0, 0, need - 1, apart=False))
    on_e = places(0, 0, VARIANT.disk + DOWNLOAD + SPARE)
    assert keeps_downloads(VARIANT, DOWNLOAD, replace(on_e, cache=replace(on_e.cache, device=1)))


@pytest.mark.parametrize(
    ("count", "text"),
    [(398_400_000, "398 MB"), (2_700_000_000, "2.7 GB"), (999_999_999, "1000 MB"), (0, "0 MB")],
)
def test_sizes_for_people(count: int, text: str) -> None:
    assert size(count) == text
