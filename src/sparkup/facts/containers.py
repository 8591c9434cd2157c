"""Images and containers of a host, as its engines tell."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sparkup.commands.containers import PS_FORMATS
from sparkup.domain.build import LABEL_INPUTS, LABEL_VARIANT
from sparkup.domain.fact import Answers, Fact, run
from sparkup.domain.launch import Engine

ENGINES = (Engine.DOCKER, Engine.PODMAN)
# Of what `image inspect` tells, the members that are read, but for labels.
READ = ("Id", "Architecture", "Os", "Size", "Config", "User", "WorkingDir", "Entrypoint")
LABELS = (LABEL_VARIANT, LABEL_INPUTS)
FINGERPRINT = "Fingerprint"  # a member of ours, where answers are recorded without what it is made of


@dataclass(frozen=True, slots=True)
class Image:
    """An image that an engine has; `architecture` in Go's words (amd64, arm64).

    `fingerprint` is of its content, the same in every engine's store, which `id` is not; "" if not known.
    `size` in bytes, as the engine counts. `labels`: those of LABELS.
    """

    id: str
    architecture: str
    os: str
    user: str = ""
    working_dir: str = ""
    entrypoint: tuple[str, ...] = ()
    fingerprint: str = ""
    size: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)


def image(name: str) -> Fact[Mapping[Engine, Image]]:
    """Return a fact for an image: what each engine that has it says of it."""

    def parse(answers: Answers) -> Mapping[Engine, Image]:
        found = {engine: _image(answers[engine]["out"]) for engine in ENGINES}
        return {engine: each for engine, each in found.items() if each is not None}

    requests = {str(engine): run(str(engine), "image", "inspect", name) for engine in ENGINES}
    return Fact(f"image {name}", requests, parse, recorded=_recorded)


def _recorded(answers: Answers) -> Answers:
    """Leave out what no plan reads later: environment and labels may have secrets of those who made it."""
    return {name: {**answer, "out": _only(answer["out"])} for name, answer in answers.items()}


def _only(text: str) -> str:
    try:
        found = json.loads(text)[0]
        config = {name: value for name, value in found["Config"].items() if name in READ}
        kept = {name: found[name] for name in READ if name in found}
        return json.dumps([{**kept, "Config": config, FINGERPRINT: fingerprint(found)}])
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _image(text: str) -> Image | None:
    try:
        found = json.loads(text)[0]
        config = found.get("Config") or {}
        return Image(
            id=str(found["Id"]),
            architecture=str(found["Architecture"]),
            os=str(found["Os"]),
            user=str(config.get("User") or ""),
            working_dir=str(config.get("WorkingDir") or ""),
            entrypoint=tuple(map(str, config.get("Entrypoint") or ())),
            fingerprint=fingerprint(found),
            size=int(found.get("Size") or 0),
            labels=labels(config),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return None  # an engine that has no such image prints an empty list


def labels(config: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the labels of an image that its build with sparkup gave it."""
    told = config.get("Labels") or {}
    return {name: str(told[name]) for name in LABELS if name in told}


def fingerprint(inspected: Mapping[str, Any]) -> str:
    """Return the digest of an image's content, from what `image inspect` tells of it; "" without layers.

    Labels, history, names and times are left out: they differ where the same bytes run. So is the variant
    of the processor, which not every engine tells. A digest shows nothing of the values in Env.
    """
    if FINGERPRINT in inspected:
        return str(inspected[FINGERPRINT])
    layers = (inspected.get("RootFS") or {}).get("Layers")
    if not layers:
        return ""
    config = inspected.get("Config") or {}
    content = {
        "platform": [inspected["Os"], inspected["Architecture"]],
        "layers": layers,
        **{name: config.get(name) or [] for name in ("Env", "Entrypoint", "Cmd")},
        "User": config.get("User") or "",
        "WorkingDir": config.get("WorkingDir") or "/",
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container. `state` in the engine's words: created, running, paused, restarting, exited, dead."""

    engine: Engine
    id: str
    state: str
    name: str
    launch: str = ""  # ours, by its label; "" for anybody else's
    attempt: str = ""
    image: str = ""
    owner: int = -1  # uid of the login that launched it
    folder: str = ""  # of the launch, where its owner's state is
    rank: int = 0


def parse_containers(text: str, engine: Engine) -> Iterator[ContainerState]:
    """Read lines in an engine's own of PS_FORMATS."""
    for line in text.splitlines():
        words = [word.replace("<no value>", "") for word in line.split("\t")]
        if len(words) == PS_FORMATS[engine].count("\t") + 1:
            identity, state, name, launch, attempt, its_image, owner, folder, rank = words
            uid, number = (int(word) if word.isdecimal() else -1 for word in (owner, rank or "0"))
            yield ContainerState(
                engine, identity, state, name, launch, attempt, its_image, uid, folder, max(0, number)
            )


def _containers(answers: Answers) -> tuple[ContainerState, ...]:
    return tuple(each for engine in ENGINES for each in parse_containers(answers[engine]["out"], engine))


NONE: tuple[ContainerState, ...] = ()
CONTAINERS = Fact(
    "containers",
    {
        str(engine): run(
            *(str(engine), "ps", "--all", "--no-trunc", "--format", form),
            # No container of ours is in podman without root, and for others it would first make its folders.
            only_root=engine is Engine.PODMAN,
            timeout=5,  # `status` asks as well, and is to answer although an engine hangs
        )
        for engine, form in PS_FORMATS.items()
    },
    _containers,
    unknown=NONE,
)
