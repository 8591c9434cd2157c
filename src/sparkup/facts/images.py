"""All images that the engines of a host have, which containers use them, and what they take of the disk."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sparkup.domain.fact import Answers, Fact, Request, fed, run
from sparkup.domain.image import DiskUse, whole_name
from sparkup.domain.launch import Engine
from sparkup.facts.containers import ENGINES, fingerprint, labels

CONFIG = ("Env", "Entrypoint", "Cmd", "User", "WorkingDir")  # what decides how an image runs
USERS = "{{.Image}}\t{{.Name}}"
SLOW = 20.0  # seconds for an engine to tell of all its images, and as long for their names
SIZE = re.compile(r"([0-9.]+)\s*([kKMGTP]?)i?B")
UNITS = ("", "K", "M", "G", "T", "P")  # of a thousand each, as docker counts


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image that an engine has; `platform` as Docker has it: "linux/arm64".

    `tags`: its names as the engine writes them, none for one that is dangling. `created` in seconds since the
    epoch, None where it does not say; `named`: when it last got a name, None where the engine does not say.
    `size` in bytes, as the engine counts. `layers`: their digests, the lowest first. `config`: the members of
    CONFIG. `labels`: those that a build gave it. `used_by`: names of containers, running or not.
    """

    engine: Engine
    id: str
    tags: tuple[str, ...]
    created: float | None
    named: float | None
    size: int
    platform: str
    fingerprint: str
    layers: tuple[str, ...]
    config: Mapping[str, Any]
    labels: Mapping[str, str]
    used_by: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return its names, the same for each engine."""
        return tuple(map(whole_name, self.tags))

    def called(self, name: str) -> str:
        """Return a name of it as the engine writes it; "" if it has no such name."""
        return next((tag for tag in self.tags if whole_name(tag) == name), "")


@dataclass(frozen=True, slots=True)
class Stores:
    """What engines have. `silent`: those that are installed and did not tell, with what they said instead."""

    images: tuple[StoredImage, ...]
    engines: tuple[Engine, ...]  # those that told
    silent: Mapping[Engine, str]


def _requests(engine: Engine) -> Mapping[str, Request]:
    name, root = str(engine), engine is Engine.PODMAN  # podman would first make folders for others
    listed, users = (name, "image", "ls", "--quiet", "--no-trunc"), (name, "ps", "-aq", "--no-trunc")
    inspect = (name, "container", "inspect", "--format", USERS)
    return {
        f"{engine} images": fed(listed, name, "image", "inspect", timeout=SLOW, only_root=root),
        f"{engine} containers": fed(users, *inspect, timeout=SLOW, only_root=root),
    }


def _parse(answers: Answers) -> Stores:
    images: list[StoredImage] = []
    told: list[Engine] = []
    silent: dict[Engine, str] = {}
    for engine in ENGINES:
        answer = answers[f"{engine} images"]
        if answer.get("missing"):
            continue
        if (found := _inspected(answer)) is None:
            silent[engine] = _said(answer)
            continue
        told.append(engine)
        users = _users(answers[f"{engine} containers"]["out"])
        images += (each for one in found for each in _stored(one, engine, users))
    return Stores(tuple(images), tuple(told), silent)


def _inspected(told: Mapping[str, Any]) -> list[Any] | None:
    """Return what was told of each image, None for no answer; one that went meanwhile fails no other."""
    if told["status"] == 0 and not told["out"].strip():
        return []
    try:
        found = json.loads(told["out"])
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _said(told: Mapping[str, Any]) -> str:
    lines = told["err"].strip().splitlines()
    return "no answer in time" if told.get("timeout") else (lines or [f"exit status {told['status']}"])[-1]


def _users(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return by image the containers that were made of it."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        image, tab, name = line.partition("\t")
        if tab:
            found[image] = (*found.get(image, ()), name.removeprefix("/"))
    return found


def _stored(told: Any, engine: Engine, users: Mapping[str, tuple[str, ...]]) -> Iterator[StoredImage]:  # noqa: ANN401
    """Yield an image, or nothing for what cannot be read."""
    try:
        config = told.get("Config") or {}
        yield StoredImage(
            engine=engine,
            id=str(told["Id"]),
            # One that was fetched by its digest has no tag, and somebody wanted it all the same.
            tags=tuple(sorted(map(str, told.get("RepoTags") or told.get("RepoDigests") or ()))),
            created=_moment(told.get("Created")),
            named=_moment((told.get("Metadata") or {}).get("LastTagTime")),
            size=int(told.get("Size") or 0),
            platform=f"{told['Os']}/{told['Architecture']}",
            fingerprint=fingerprint(told),
            layers=tuple(map(str, (told.get("RootFS") or {}).get("Layers") or ())),
            config={name: config[name] for name in CONFIG if config.get(name)},
            labels=labels(config),
            used_by=users.get(str(told["Id"]), ()),
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return


def _moment(text: object) -> float | None:
    """Read a moment; tools that make images reproducibly write one of the first or of 1970."""
    try:
        seconds = datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


IMAGES = Fact("images", {**_requests(Engine.DOCKER), **_requests(Engine.PODMAN)}, _parse)


def _disk(answers: Answers) -> tuple[DiskUse, ...]:
    return tuple(use for engine in ENGINES for use in _uses(answers[engine]["out"], engine))


def _uses(text: str, engine: Engine) -> Iterator[DiskUse]:
    for line in text.splitlines():
        try:
            told = json.loads(line)
            count = int(told["TotalCount"] if "TotalCount" in told else told["Total"])
            sizes = (parse_size(told["Size"]), parse_size(told["Reclaimable"]))
            yield DiskUse(str(engine), str(told["Type"]), count, *sizes)
        except (ValueError, LookupError, TypeError):
            continue


def parse_size(text: str | int) -> int:
    """Return bytes from what docker (112.3MB (100%)) or podman (a number) says. Raises ValueError."""
    found = SIZE.match(str(text))
    if found is None:
        return int(text)
    return round(float(found[1]) * 1000.0 ** UNITS.index(found[2].upper()))


NONE: tuple[DiskUse, ...] = ()
DISK_USE = Fact(
    "disk_use",
    {
        str(engine): run(
            *(str(engine), "system", "df", "--format", "{{json .}}"),
            timeout=45,  # it measures every volume and container
            only_root=engine is Engine.PODMAN,
        )
        for engine in ENGINES
    },
    _disk,
    unknown=NONE,
)
