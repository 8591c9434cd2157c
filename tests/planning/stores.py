"""Images of hosts as plans see them: recorded from real engines, with the one thing changed that is asked."""

from collections.abc import Mapping
from dataclasses import replace

from tests.fixtures.recorded import answers
from tests.planning.hosts import ADA

from sparkup.domain.build import Record
from sparkup.domain.fact import Seen
from sparkup.facts.build_records import BUILD_RECORDS, KeptRecord
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.images import DISK_USE, IMAGES, Stores
from sparkup.facts.machine import MACHINE
from sparkup.planning.images import Held, held

NAME, PREVIOUS, CANDIDATE = (
    "vllm-node-cpu:latest",
    "vllm-node-cpu:previous",
    "vllm-node-cpu:candidate-0123abcd",
)
RECORDS: Mapping[str, KeptRecord] = BUILD_RECORDS.parse(answers("build_records", "two_users"))


def stores(case: str) -> Stores:
    """Return what engines told of their images."""
    return IMAGES.parse(answers("images", case))


def host(
    case: str = "docker_20_podman_4",
    *,
    name: str = "spark1",
    engines: str = "docker_20",
    records: Mapping[str, KeptRecord] = RECORDS,
    images: Stores | None = None,
) -> Seen:
    """Return what was seen of a host."""
    disk = "denied_26" if "denied" in case or "down" in case else case
    return Seen(
        name,
        {
            MACHINE.name: ADA,
            ENGINES.name: ENGINES.parse(answers("engines", engines)),
            IMAGES.name: images or stores(case),
            BUILD_RECORDS.name: records,
            DISK_USE.name: DISK_USE.parse(answers("disk_use", disk)),
        },
    )


def docker(seen: Seen) -> list[Held]:
    """Return the images of docker alone."""
    return [each for each in held(seen) if each.image.engine == "docker"]


def named(images: list[Held], name: str) -> Held:
    """Return the one that has a name."""
    (found,) = (each for each in images if name in each.image.names)
    return found


def renamed(case: str, names: Mapping[str, str]) -> Stores:
    """Return what engines told, with other names for some."""
    told = stores(case)
    images = (
        replace(each, tags=tuple(names.get(tag, tag) for tag in each.tags if names.get(tag, tag)))
        for each in told.images
    )
    return replace(told, images=tuple(images))


def measured(image: Held) -> Record:
    """Return the record of a build of which both parts are known."""
    assert image.record is not None
    assert image.record.measured is not None
    return image.record
