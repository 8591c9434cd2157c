"""The images of hosts: which there are, what is known of their builds, and which of them is meant."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sparkup.domain.build import LABEL_INPUTS, LABEL_VARIANT, Record, inputs_in
from sparkup.domain.fact import Seen
from sparkup.domain.image import ImageRow, NameRow, whole_name
from sparkup.domain.launch import Engine
from sparkup.errors import InputRefused, Problem
from sparkup.facts.build_records import BUILD_RECORDS, KeptRecord
from sparkup.facts.container_engines import ENGINES, EngineState
from sparkup.facts.images import IMAGES, StoredImage
from sparkup.facts.machine import MACHINE
from sparkup.planning.engines import not_up

FACTS = (MACHINE, ENGINES, IMAGES, BUILD_RECORDS)
DIGEST = re.compile(r"(sha256:)?([0-9a-f]{4,64})")
INSTALL = "sudo apt-get install docker.io"
SHORT = 12  # digits of a fingerprint that people are shown


@dataclass(frozen=True, slots=True)
class Held:
    """An image that a host has, and what is known of its build. `mine`: its build was this user's."""

    host: str
    image: StoredImage
    record: Record | None = None
    mine: bool = False

    @property
    def content(self) -> str:
        """Return what tells it from images with another content."""
        return self.image.fingerprint or self.image.id

    @property
    def place(self) -> tuple[str, Engine]:
        """Return the store that has it."""
        return self.host, self.image.engine


def answering(seen: Seen) -> frozenset[Engine]:
    """Return the engines of a host that told: not a docker that is elsewhere, or podman by another name."""
    away = {Engine.DOCKER} if seen[ENGINES].docker.state in ("podman", "elsewhere") else set()
    return frozenset(seen[IMAGES].engines) - away


def held(seen: Seen) -> tuple[Held, ...]:
    """Return the images of a host."""
    engines, kept = answering(seen), seen[BUILD_RECORDS]
    return tuple(
        _held(seen.host, each, kept.get(each.fingerprint))
        for each in seen[IMAGES].images
        if each.engine in engines
    )


def _held(host: str, image: StoredImage, kept: KeptRecord | None) -> Held:
    """Return an image with its record; that of others counts if the image says the same of its build.

    Of the same content that two builds have made, each image says itself what went into it.
    """
    inputs = inputs_in(image.labels.get(LABEL_INPUTS, ""))
    if kept and (kept.mine or kept.record.inputs == inputs):
        return Held(host, image, replace(kept.record, inputs=inputs or kept.record.inputs), kept.mine)
    return Held(host, image, Record(image.fingerprint, inputs) if inputs else None)


def silent(seen: Seen) -> list[Problem]:
    """Return what keeps the engines of a host from telling of their images."""
    engines, told = seen[ENGINES], seen[IMAGES].silent
    found = [
        not_up(engine, _state(engines.of(engine), told.get(engine)), seen)
        for engine in (Engine.DOCKER, Engine.PODMAN)
        if engines.of(engine).state == "elsewhere" or engine in told
    ]
    if found or answering(seen):
        return found
    if engines.podman.state != "absent":
        return [not_up(Engine.PODMAN, engines.podman, seen)]
    return [Problem("no-engine", "it has neither docker nor podman", seen.host, INSTALL)]


def _state(state: EngineState, said: str | None) -> EngineState:
    """Return the state of an engine that did not tell, also of one that answered to something else."""
    return EngineState("failed", said) if said and state.state in ("up", "rootless") else state


def row(each: Held) -> ImageRow:
    """Return what is shown of an image."""
    image, record = each.image, each.record
    measured = record.measured if record else None
    return ImageRow(
        host=each.host,
        engine=str(image.engine),
        names=image.names,
        fingerprint=image.fingerprint,
        id=image.id,
        platform=image.platform,
        size=image.size,
        created=image.created,
        variant=str(record.inputs.variant) if record else image.labels.get(LABEL_VARIANT, ""),
        vllm=_vllm(record),
        versions=measured.versions if measured else {},
        used_by=image.used_by,
    )


def _vllm(record: Record | None) -> str:
    found = (each for each in (record.inputs.sources if record else ()) if each.name == "vllm")
    source = next(found, None)
    return " ".join(filter(None, (source.ref, source.commit[:SHORT]))) if source else ""


def names(images: Sequence[Held], hosts: Sequence[str]) -> tuple[NameRow, ...]:
    """Return what each name means on the hosts that answered."""
    found: dict[str, list[Held]] = {}
    for each in images:
        for name in each.image.names:
            found.setdefault(name, []).append(each)
    return tuple(_name(name, found[name], hosts) for name in sorted(found))


def _name(name: str, having: Sequence[Held], hosts: Sequence[str]) -> NameRow:
    there = {each.host for each in having}
    return NameRow(
        name=name,
        same=len({each.content for each in having}) == 1,
        hosts=tuple(host for host in hosts if host in there),
        missing=tuple(host for host in hosts if host not in there),
    )


def find(word: str, images: Sequence[Held], hosts: Sequence[str]) -> tuple[Held, ...]:
    """Return the image of a name, or of the beginning of a fingerprint or ID, wherever it is.

    Raises InputRefused if there is none, or more than one content.
    """
    name = whole_name(word)
    found = [each for each in images if name in each.image.names]
    if not found and (digest := DIGEST.fullmatch(word)):
        found = [each for each in images if _begins(each.image, digest[2])]
    if not found:
        raise InputRefused(unknown(word, images, hosts))
    contents = {each.content: [*_places(found, each.content)] for each in found}
    if len(contents) > 1:
        raise InputRefused(_ambiguous(word, contents))
    return tuple(found)


def _begins(image: StoredImage, digits: str) -> bool:
    return image.fingerprint.startswith(digits) or image.id.removeprefix("sha256:").startswith(digits)


def _places(images: Sequence[Held], content: str) -> Iterator[str]:
    return (row(each).place for each in images if each.content == content)


def unknown(word: str, images: Sequence[Held], hosts: Sequence[str]) -> Problem:
    """Say that some hosts have no such image, and which name may be meant."""
    there = {name.removesuffix(":latest") for each in images for name in each.image.names}
    close = difflib.get_close_matches(word.removesuffix(":latest"), sorted(there), 1, 0.6)
    hint = f"did you mean {close[0]}?" if close else "sparkup images lists what there is"
    return Problem("image-not-found", f"there is no image {word}", ", ".join(hosts), hint)


def _ambiguous(word: str, contents: Mapping[str, Sequence[str]]) -> Problem:
    lines = tuple(
        f"{content.removeprefix('sha256:')[:SHORT]} on {', '.join(places)}"
        for content, places in contents.items()
    )
    message = f"{word} is {len(contents)} different images"
    hint = "name one of them by its fingerprint, or its host with --host"
    return Problem("ambiguous-image", message, hint=hint, details=lines)
