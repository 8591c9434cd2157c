"""A fact is a set of requests to a host plus a pure parser of the answers; its value is an observation.

All requests of all facts that a phase wants travel to a host in one round trip (node/gather.py).
Add a fact: a file in facts/ with its requests and its parser, and a recorded answer in tests/fixtures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a host: `kind` is a function of node/gather.py, `body` goes there as JSON."""

    kind: str
    body: Mapping[str, Any]


def run(*argv: str, timeout: float = 10.0, only_root: bool = False) -> Request:
    """Ask for the output of a program; `timeout` in seconds. `only_root`: for others it counts as missing."""
    body = {"argv": list(argv), "timeout": timeout}
    return Request("run", {**body, "only_root": True} if only_root else body)


def fed(source: Sequence[str], *argv: str, timeout: float = 10.0, only_root: bool = False) -> Request:
    """Ask for the output of a program whose last words are the lines that `source` prints, each once.

    `timeout` in seconds for each; where `source` fails or prints nothing, its answer is the answer.
    """
    return Request("fed", {**run(*argv, timeout=timeout, only_root=only_root).body, "source": list(source)})


def files(
    *globs: str,
    max_bytes: int = 65536,
    tail: bool = False,
    keep: str = "",
    sparse: bool = False,
    links: bool = True,
) -> Request:
    """Ask for the text of all files that match, its beginning or its `tail`; `~` is the home there.

    `keep` is a regular expression for the beginning of the lines that are wanted. `sparse`: leave out files
    of which nothing is kept, those that cannot be read, and owners. Without `links` a symbolic link counts as
    no file.
    """
    body: dict[str, object] = {"globs": list(globs), "max_bytes": max_bytes, "tail": tail, "keep": keep}
    body |= {"sparse": True} if sparse else {}
    return Request("files", body if links else {**body, "links": False})


def digests(*globs: str) -> Request:
    """Ask for the SHA-256 of all files that match and that only this user could have written."""
    return Request("digests", {"globs": list(globs)})


def foreign(*globs: str) -> Request:
    """Ask who owns what matches and is not this user's; `~` and `$VARIABLES` are the login's."""
    return Request("foreign", {"globs": list(globs)})


def links(*globs: str, keep: str = "") -> Request:
    """Ask for the targets of all symbolic links that match; `keep` as for files, of the targets."""
    return Request("links", {"globs": list(globs), "keep": keep})


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


def reach(*ways: tuple[str, str, str], timeout: float = 1.0) -> Request:
    """Ask which of (interface, own address, other's address) lead somewhere; seconds for each."""
    return Request("reach", {"ways": [list(way) for way in ways], "timeout": timeout})


def scan(*nets: tuple[str, str, str], timeout: float = 0.6) -> Request:
    """Ask who takes a connection for SSH in (interface, own address, network); seconds for all of a /24."""
    return Request("scan", {"nets": [list(net) for net in nets], "timeout": timeout})


Answers = Mapping[str, Any]  # request name → what gather.py answered to it

# What an answer to each kind is, as far as facts read it: a type, or an object of named members;
# a member `...` stands for all names. No fact sees an answer that is anything else (run/answers.py).
SHAPES: Mapping[str, Mapping[Any, Any]] = {
    "run": {"status": int | None, "out": str, "err": str},
    "fed": {"status": int | None, "out": str, "err": str},
    "files": {"files": {...: str}, "owners": {...: int}},
    "links": {"links": {...: str}},
    "digests": {"digests": {...: str}},
    "foreign": {"foreign": {...: int}},
    "paths": {"paths": {...: {"path": str, "kind": str, "ours": bool, "writable": bool, "free": int}}},
    "env": {"env": {...: str | None}, "uid": int, "machine": str, "python": str, "libc": str},
    "which": {"which": {...: str | None}},
    "http": {"status": int | None, "body": str},
    "reach": {"reach": list},
    "scan": {"scan": list},
}


def fits(value: object, shape: Any) -> bool:  # noqa: ANN401 - a type or a mapping, nested at will
    """Say whether a value that came as JSON has a shape, as SHAPES has them."""
    if not isinstance(shape, Mapping):
        return isinstance(value, shape)
    if not isinstance(value, Mapping):
        return False
    if ... in shape:
        return all(fits(each, shape[...]) for each in value.values())
    return all(name in value and fits(value[name], each) for name, each in shape.items())


def whole(answers: Answers) -> Answers:
    """Record all that was answered."""
    return answers


@dataclass(frozen=True, slots=True, eq=False)
class Fact(Generic[T]):
    """What to ask and how to read the answers. Compared by identity: each is a module constant.

    `unknown` is what to take it for where there is no answer; None: nothing can be decided without it.
    `recorded` returns the part of the answers that is kept for offline plans; None keeps nothing.
    """

    name: str
    requests: Mapping[str, Request]
    parse: Callable[[Answers], T]
    unknown: T | None = None
    recorded: Callable[[Answers], Answers] | None = None


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
