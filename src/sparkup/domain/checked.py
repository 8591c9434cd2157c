"""What `launch --check` and `--explain` answer: each outcome of a check; each variable and why it is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sparkup.errors import Problem


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One outcome of one check. `outcome`: ok, note, warn, fail, or unknown for what could not be checked."""

    id: str  # as docs/gates.md and docs/fabric.md have it
    outcome: str
    where: str = ""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CheckedRank:
    """What a rank would get of its host. `argv`: the engine's command line, () for a process of the host."""

    rank: int
    host: str
    engine: str
    image: str = ""
    fingerprint: str = ""  # of the image's content
    network: str = ""  # interface and address where ranks find each other
    devices: tuple[str, ...] = ()  # of RDMA
    caches: Mapping[str, str] = field(default_factory=dict)  # folder of the host → where it is inside
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything up to the start; nothing was done. `problems` are what the launch would be refused for."""

    name: str
    hosts: tuple[str, ...]
    fabric: str
    checks: tuple[CheckRow, ...]
    ranks: tuple[CheckedRank, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Reasoned:
    """An environment variable of a rank. `value` is None for a secret, which is never shown.

    `yours`: you set it; then `instead` is what sparkup would have set, None if nothing.
    """

    name: str
    value: str | None
    reason: str
    yours: bool = False
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class ExplainedRank:
    """The variables of one rank."""

    rank: int
    host: str
    variables: tuple[Reasoned, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """All variables of a launch; nothing was done."""

    name: str
    ranks: tuple[ExplainedRank, ...]
