"""Images: what engines and people call them, and what is said of those that hosts have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sparkup.domain.build import Record
from sparkup.errors import Problem

# Parts of a name that podman writes and docker leaves out.
UNSAID = re.compile(r"^(localhost/|docker\.io/library/|docker\.io/)")
CANDIDATE = re.compile(r":candidate-[A-Za-z0-9_.-]+$")


def whole_name(name: str) -> str:
    """Return the name of an image with its tag, the same for what each engine writes."""
    name = UNSAID.sub("", name)
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def previous_name(name: str) -> str:
    """Return the name that the image before keeps when a build takes a name: NAME:previous.

    That of a tag other than `latest` has the tag in it: builds of several tags have an image before each.
    """
    repository, _, tag = whole_name(name).rpartition(":")
    return f"{repository}:previous" if tag == "latest" else f"{repository}:{tag}-previous"


def candidate_name(name: str, build: str) -> str:
    """Return what the image of a build is called until it has passed its checks."""
    return f"{whole_name(name).rpartition(':')[0]}:candidate-{build}"


def is_candidate(name: str) -> bool:
    """Say whether a name is one that `candidate_name` makes."""
    return bool(CANDIDATE.search(name))


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What one kind of things takes of the disk, as an engine tells; bytes, rounded by docker."""

    engine: str
    kind: str  # in the engine's words: Images, Containers, Local Volumes, Build Cache
    count: int
    size: int
    reclaimable: int


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image that an engine of a host has. Bytes; seconds since the epoch, None where it does not say.

    `names` are whole, none for one that is dangling. `fingerprint` is of its content: where that is the same
    on two hosts, the same runs; `id` is the engine's own. `variant`: "" for an image that sparkup did not
    build. `vllm`: the ref and commit it was built from. `versions`: what was measured in it after its build.
    `used_by`: names of containers, running or not.
    """

    host: str
    engine: str
    names: tuple[str, ...]
    fingerprint: str
    id: str
    platform: str
    size: int
    created: float | None
    variant: str = ""
    vllm: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    used_by: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        """Return what tells it from images with another content."""
        return self.fingerprint or self.id

    @property
    def place(self) -> str:
        """Return where it is, for people."""
        return self.host if self.engine == "docker" else f"{self.host} ({self.engine})"


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name of images. `same`: all hosts that have it mean the same content; `missing`: hosts without it."""

    name: str
    same: bool
    hosts: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Images:
    """All images of some hosts, and what their names mean on them. `hosts`: those that answered."""

    hosts: tuple[str, ...]
    images: tuple[ImageRow, ...]
    names: tuple[NameRow, ...]
    problems: tuple[Problem, ...] = ()  # of hosts and engines that could not be asked


@dataclass(frozen=True, slots=True)
class ImageShown:
    """One image, on each host and in each engine that has it. `record` is None if sparkup did not build it.

    `config`: what decides how it runs (Entrypoint, Cmd, User, WorkingDir), in the engine's words.
    """

    images: tuple[ImageRow, ...]
    layers: int
    config: Mapping[str, Any]
    record: Record | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two images; None where there is nothing of that name.

    `kind`: variant, platform, base, source, pull-request, argument, file, sparkup, version, check, config,
    environment or size.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ImagesDiffer:
    """Two images held against each other. `same`: their content is. `layers`: those that both begin with.

    `flags_added`, `flags_removed`: of `vllm serve`, None unless both builds have noted them.
    """

    before: ImageRow
    after: ImageRow
    same: bool
    layers: int
    changes: tuple[Change, ...]
    flags_added: tuple[str, ...] | None = None
    flags_removed: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A name means the image before again on some hosts, and `previous` the one that it meant until now."""

    name: str
    previous: str
    images: tuple[ImageRow, ...]  # what the name means now
    before: tuple[ImageRow, ...]  # what it meant until now
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PruneRow:
    """An image that may go. `because`: what makes it one, or why it stays; `gone`: it was removed."""

    image: ImageRow
    because: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Pruned:
    """What prune found and, unless it was only asked what there is, removed. Bytes, seconds.

    `until`: build cache and images of that age go. `cache`: hosts whose build cache is pruned. `freed`: by
    host, as its engines count, None where nothing was removed.
    """

    until: float
    images: tuple[PruneRow, ...]
    kept: tuple[PruneRow, ...]
    cache: tuple[str, ...]
    disk: Mapping[str, tuple[DiskUse, ...]]
    freed: Mapping[str, int] | None = None
    problems: tuple[Problem, ...] = ()
