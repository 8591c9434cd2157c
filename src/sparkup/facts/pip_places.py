"""Where pip writes while it installs, besides the environment: its temporary files and its cache."""

from dataclasses import dataclass

from sparkup.domain.fact import Answers, Fact, env, paths
from sparkup.facts.machine import ENVIRONMENTS, NAMED_ENVIRONMENTS

TEMPORARY = ("$TMPDIR", "/tmp")  # noqa: S108 (we ask what stands there)
CACHES = {"PIP_CACHE_DIR": "$PIP_CACHE_DIR", "XDG_CACHE_HOME": "$XDG_CACHE_HOME/pip"}
CACHE = "~/.cache/pip"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and the file system that it is on or will be on; `free` in bytes."""

    path: str
    device: int
    free: int


@dataclass(frozen=True, slots=True)
class PipPlaces:
    """What an installation writes to. What pip downloads lies in `temporary` until all is installed."""

    environments: Place
    temporary: Place
    cache: Place


def parse(answers: Answers) -> PipPlaces:
    """Read the answers to PIP_PLACES. A TMPDIR that is no folder is passed over, as Python does."""
    values, found = answers["env"]["env"], answers["paths"]["paths"]
    named, fallback = TEMPORARY
    temporary = named if values["TMPDIR"] and found[named]["kind"] == "folder" else fallback
    cache = next((path for name, path in CACHES.items() if values[name]), CACHE)
    environments = NAMED_ENVIRONMENTS if values["SPARKUP_DATA_DIR"] else ENVIRONMENTS
    return PipPlaces(*(_place(found[name]) for name in (environments, temporary, cache)))


def _place(found: Answers) -> Place:
    return Place(found["path"], found["device"], found["free"])


PIP_PLACES = Fact(
    "places of pip",
    {
        "env": env("SPARKUP_DATA_DIR", "TMPDIR", *CACHES),
        "paths": paths(ENVIRONMENTS, NAMED_ENVIRONMENTS, *TEMPORARY, *CACHES.values(), CACHE),
    },
    parse,
)
