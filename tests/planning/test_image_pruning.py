"""What may be pruned: nothing that has a name, is used or young, or is of others unless that is asked."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.planning.stores import CANDIDATE, NAME, docker, host, named, stores

from sparkup.domain.plan import what
from sparkup.facts.images import DISK_USE
from sparkup.planning.image_pruning import Pruning, cached, emptying, going, judged, removal
from sparkup.planning.images import Held

DAY = 86400.0
IMAGES = [replace(each, mine=True) for each in docker(host())]
NAMELESS = next(each for each in IMAGES if not each.image.tags)
MADE = max(each.image.created or 0 for each in IMAGES)
LATER = MADE + 4 * DAY
THREE = Pruning(3 * DAY)


def gone(images: Sequence[Held], pruning: Pruning = THREE, now: float = LATER) -> list[Held]:
    return judged(images, pruning, now)[0]


def why(image: Held, pruning: Pruning = THREE, now: float = LATER) -> str:
    """Return why an image stays."""
    (row,) = judged([image], pruning, now)[1]
    return row.because


def test_what_has_no_name_but_a_builds_own_goes() -> None:
    assert {each.image.tags for each in gone(IMAGES)} == {(), (CANDIDATE,)}
    assert len(gone(IMAGES)) == 3


def test_what_has_a_name_is_not_even_told_of() -> None:
    assert judged([named(IMAGES, NAME)], THREE, LATER) == ([], [])
    both = replace(NAMELESS, image=replace(NAMELESS.image, tags=(CANDIDATE, "mine:1")))
    assert judged([both], THREE, LATER) == ([], [])


def test_what_a_container_is_made_of_stays() -> None:
    used = replace(NAMELESS, image=replace(NAMELESS.image, used_by=("up", "made")))
    assert why(used) == "container up, made is made of it"


def test_what_is_young_stays() -> None:
    assert gone([NAMELESS], now=MADE + 2 * DAY) == []
    assert why(NAMELESS, now=MADE + 2 * DAY) == "it is younger than 3 d"
    assert gone([NAMELESS], Pruning(0), now=MADE + 1) == [NAMELESS]
    assert gone([NAMELESS], Pruning(0), now=MADE - DAY) == [NAMELESS]


def test_what_a_build_may_be_checking_stays_whatever_is_asked() -> None:
    candidate = named(IMAGES, CANDIDATE)
    assert why(candidate, Pruning(0), MADE + 60) == "a build may be at it"
    assert gone([candidate], Pruning(0), MADE + 2 * 3600) == [candidate]


def test_what_was_named_lately_is_young_however_old_its_layers_are() -> None:
    """A build that finds all in its cache makes an image as old as that."""
    cached_build = replace(NAMELESS, image=replace(NAMELESS.image, named=LATER - 60))
    assert why(cached_build) == "it is younger than 3 d"


def test_what_no_build_of_this_user_has_made_stays_unless_it_is_asked_for() -> None:
    theirs = replace(NAMELESS, mine=False)
    assert why(theirs) == "you have no record of its build (--others)"
    assert gone([theirs], Pruning(3 * DAY, others=True)) == [theirs]


def test_why_something_goes() -> None:
    assert going(NAMELESS).because == "it has no name"
    assert going(named(IMAGES, CANDIDATE)).because == "a build has left it before its checks"
    assert (going(NAMELESS).gone, going(NAMELESS, gone=True).gone) == (False, True)


def test_nothing_is_removed_by_force() -> None:
    (step,) = removal(NAMELESS).steps
    assert what(step) == f"run   docker image rm {NAMELESS.image.id}"
    (step,) = removal(named(IMAGES, CANDIDATE)).steps
    assert what(step) == f"run   docker image rm {CANDIDATE}"
    (step,) = emptying("spark1", THREE).steps
    assert what(step) == "run   docker builder prune --force --filter until=259200s"


@pytest.mark.parametrize(
    ("case", "engines", "expected"),
    [
        ("docker_26", "docker_26", True),
        ("docker_20_podman_4", "shim_podman_4", False),
        ("down_26", "down_26", False),
    ],
)
def test_only_a_docker_that_answers_has_a_cache(case: str, engines: str, expected: bool) -> None:
    assert cached(host(case, engines=engines)) is expected


def test_an_empty_cache_is_none() -> None:
    seen = host("docker_26", engines="docker_26")
    uses = tuple(replace(each, size=0) for each in seen[DISK_USE])
    assert not cached(replace(seen, values={**seen.values, DISK_USE.name: uses}))


def test_what_is_dangling_in_podman_goes_as_well() -> None:
    told = [each for each in stores("docker_20_podman_4").images if each.engine == "podman"]
    found = gone([Held("spark1", each, mine=True) for each in told])
    assert len(found) == 3
    assert what(removal(found[0]).steps[0]).startswith("run   podman image rm ")
