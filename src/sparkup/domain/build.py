"""A build of an image: what was asked, what went in, what came out; the two last are its record."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from sparkup.domain.host import LOCAL, Host

SCHEMA = 1  # of the documents below
# Labels of an image that we built. All of a build's inputs are in the second.
LABEL_VARIANT, LABEL_INPUTS = "sparkup.variant", "sparkup.inputs"
IN_IMAGE = "sparkup-build.json"  # in /workspace of the image, and in the context of its build
TAGS = {"source": "vllm-node", "wheels": "vllm-node", "mxfp4": "vllm-node-mxfp4", "cpu": "vllm-node-cpu"}


class ImageVariant(StrEnum):
    """Which of our Dockerfiles an image is made by."""

    SOURCE = "source"
    WHEELS = "wheels"
    MXFP4 = "mxfp4"
    CPU = "cpu"

    @property
    def tag(self) -> str:
        """Return what an image of it is called where nobody says otherwise."""
        return TAGS[self]


@dataclass(frozen=True, slots=True)
class Source:
    """A repository at a ref. `commit`: what the ref stood for, 40 hex digits; "" until it is resolved."""

    name: str  # vllm, flashinfer, triton
    repository: str
    ref: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request of a repository at GitHub, to be applied; `commit` as for sources: of its head."""

    number: int
    repository: str
    commit: str = ""

    @property
    def word(self) -> str:
        """Return it as the build argument has it: N@COMMIT."""
        return f"{self.number}@{self.commit}" if self.commit else str(self.number)


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What the user asked for, before any host was looked at; "" leaves it to us.

    `arguments`: those of the Dockerfile that were named, by options or as they are. `renew`: those that get
    a value that no build had before. `pull_requests`: numbers, in the order in which they are applied.
    `wheels`: a folder of the host. `like`: an image whose inputs these are to be.
    """

    variant: ImageVariant
    tag: str
    host: Host = LOCAL
    arguments: Mapping[str, str] = field(default_factory=dict)
    renew: tuple[str, ...] = ()
    pull_requests: tuple[int, ...] = ()
    network: str = ""
    wheels: str = ""
    full_log: bool = False
    like: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known before a build; equal inputs, and what they name still being there, make equal images.

    `platform` as Docker has it: "linux/arm64". `base`: the image that it starts from. `pull_requests` in
    the order in which they are applied. `arguments`: every argument of the Dockerfile, defaults included;
    proxies are none. `files`: SHA-256 of each file of the build context, the Dockerfile and patches too.
    """

    variant: ImageVariant
    platform: str
    base: str
    sources: tuple[Source, ...] = ()
    pull_requests: tuple[PullRequest, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    sparkup: str = ""  # the version of sparkup

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"schema": SCHEMA, **asdict(self)}

    @property
    def text(self) -> str:
        """Return it as one line of JSON, the same for equal inputs."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` made. Raises ValueError for anything else, other schemas included."""
        try:
            if document["schema"] != SCHEMA:
                raise ValueError(f"schema {document['schema']}")
            return cls(
                variant=ImageVariant(document["variant"]),
                platform=str(document["platform"]),
                base=str(document["base"]),
                sources=tuple(Source(**_words(each)) for each in document["sources"]),
                pull_requests=tuple(_pull_request(each) for each in document["pull_requests"]),
                arguments=_words(document["arguments"]),
                files=_words(document["files"]),
                sparkup=str(document["sparkup"]),
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"not the inputs of a build: {error}") from error


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """A step of a build as its engine ran it; seconds. `cached`: it was there already."""

    name: str
    seconds: float
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at in the finished image. `ok` is None for what could not be judged there."""

    name: str
    ok: bool | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known after a build. Bytes, seconds, and for `made` seconds since the epoch.

    `versions`: of what was found inside, by name (vllm, torch, cuda, nccl, flashinfer, ray, …).
    `flags`: of `vllm serve`.
    """

    made: float
    host: str
    engine: str  # "docker 26.1.5"
    size: int
    seconds: float
    steps: tuple[BuiltStep, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read what the document of a record has. Raises ValueError for anything else."""
        try:
            return cls(
                made=float(document["made"]),
                host=str(document["host"]),
                engine=str(document["engine"]),
                size=int(document["size"]),
                seconds=float(document["seconds"]),
                steps=tuple(
                    BuiltStep(str(each["name"]), float(each["seconds"]), bool(each["cached"]))
                    for each in document["steps"]
                ),
                versions=_words(document["versions"]),
                flags=tuple(map(str, document["flags"])),
                checks=tuple(_check(each) for each in document["checks"]),
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"not what was measured of a build: {error}") from error


@dataclass(frozen=True, slots=True)
class Record:
    """Both parts of what is known of an image that we built; the host keeps it by `fingerprint`."""

    fingerprint: str
    inputs: Inputs
    measured: Measured | None = None  # None where only the image itself tells of its build

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        inputs = self.inputs.document()
        return {"schema": SCHEMA, **asdict(self), "inputs": inputs}

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` made. Raises ValueError for anything else."""
        try:
            measured = document["measured"]
            return cls(
                fingerprint=str(document["fingerprint"]),
                inputs=Inputs.parse(document["inputs"]),
                measured=Measured.parse(measured) if measured is not None else None,
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"not the record of a build: {error}") from error


@dataclass(frozen=True, slots=True)
class Built:
    """An image was built, passed its checks and has its name. `before`: the name that the one before has now.

    `timing`: seconds of each part, and in all. `same`: it is what had the name already.
    """

    tag: str
    host: str
    id: str
    record: Record
    before: str
    same: bool
    timing: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BuildShown:
    """A dry run of a build: what would go in, and what would be done; nothing was done."""

    tag: str
    inputs: Mapping[str, Any]
    phases: tuple[Mapping[str, Any], ...]


def inputs_in(label: str) -> Inputs | None:
    """Read the label of an image with its inputs; None for any other text: anybody may write a label."""
    try:
        return Inputs.parse(json.loads(label))
    except (ValueError, TypeError, RecursionError):
        return None


def _words(document: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in document.items()}


def _pull_request(document: Mapping[str, Any]) -> PullRequest:
    return PullRequest(int(document["number"]), str(document["repository"]), str(document["commit"]))


def _check(document: Mapping[str, Any]) -> Check:
    ok = document["ok"]
    return Check(str(document["name"]), None if ok is None else bool(ok), str(document["message"]))
