"""Images: what engines and people call them, and what is said of those that hosts have."""

import re
from dataclasses import dataclass

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
