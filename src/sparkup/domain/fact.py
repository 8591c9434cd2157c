"""A fact is a set of requests to a host plus a pure parser of the answers; its value is an observation.

All requests of all facts that a phase wants travel to a host in one round trip (node/gather.py).
Add a fact: a file in facts/ with its requests and its parser, and a recorded answer in tests/fixtures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a host: `kind` is a function of node/gather.py, `body` goes there as JSON."""

    kind: str
    body: Mapping[str, Any]


def run(*argv: str, timeout: float = 10.0) -> Request:
    """Ask for the output of a program; `timeout` in seconds."""
    return Request("run", {"argv": list(argv), "timeout": timeout})


def files(*globs: str, max_bytes: int = 65536, tail: bool = False, keep: str = "") -> Request:
    """Ask for the text of all files that match, its beginning or its `tail`; `~` is the home there.

    `keep` is a regular expression for the beginning of the lines that are wanted.
    """
    return Request("files", {"globs": list(globs), "max_bytes": max_bytes, "tail": tail, "keep": keep})


def digests(*globs: str) -> Request:
    """Ask for the SHA-256 of all files that match and that only this user could have written."""
    return Request("digests", {"globs": list(globs)})


def links(*globs: str) -> Request:
    """Ask for the targets of all symbolic links that match."""
    return Request("links", {"globs": list(globs)})


def paths(*names: str) -> Request:
    """Ask what stands at some paths: kind, whether we may write, and free bytes of that file system."""
    return Request("paths", {"paths": list(names)})


def env(*names: str) -> Request:
    """Ask for environment variables as a login of that user has them."""
    return Request("env", {"names": list(names)})


def which(*names: str, first: tuple[str, ...] = (), path: str = "") -> Request:
    """Ask where programs are, in some folders first and then along a PATH ("": the login's)."""
    return Request("which", {"names": list(names), "first": list(first), "path": path})


def http(url: str, timeout: float = 5.0, *, proxy: bool = False) -> Request:
    """Ask for the status and the beginning of the body of a URL, seen from that host; seconds."""
    return Request("http", {"url": url, "timeout": timeout, "proxy": proxy})


Answers = Mapping[str, Any]  # request name → what gather.py answered to it


@dataclass(frozen=True, slots=True, eq=False)
class Fact(Generic[T]):
    """What to ask and how to read the answers. Compared by identity: each is a module constant."""

    name: str
    requests: Mapping[str, Request]
    parse: Callable[[Answers], T]
    unknown: T | None = None  # what to take it for in an offline plan, where no answer was recorded


@dataclass(frozen=True, slots=True)
class Seen:
    """The observations of one host: `seen[FACT]` has the type that the fact parses to."""

    host: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __getitem__(self, fact: Fact[T]) -> T:
        return cast("T", self.values[fact.name])

    def after(self, earlier: "Seen") -> "Seen":
        """Return these observations together with earlier ones of the same host."""
        return Seen(self.host, {**earlier.values, **self.values})


Observed = Mapping[str, Seen]  # host name → what was seen there
