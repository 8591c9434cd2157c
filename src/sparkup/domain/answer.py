"""What actions answer: one document for `--json`, one text for people, both made from these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparkup.domain.build import BuildShown, Built
from sparkup.domain.checked import Checked, Explained
from sparkup.domain.event import Ready
from sparkup.domain.image import Images, ImagesDiffer, ImageShown, Pruned, RolledBack
from sparkup.domain.network import Detected, FabricShown, Meshed
from sparkup.errors import Problem


@dataclass(frozen=True, slots=True)
class Launched:
    """A launch runs. `ready` is None when nobody waited for it."""

    name: str
    attempt: str
    engine: str
    hosts: tuple[str, ...]
    argv: tuple[str, ...]
    url: str
    port: int | None
    log: str
    ready: Ready | None = None
    needs_key: bool = False  # the API wants a key, which is not shown
    address: str = ""  # of the machine in `hosts`, as SSH reaches it; "" for this one
    via: str = ""  # the hosts that SSH goes through to it, where its configuration does not say
    problems: tuple[Problem, ...] = ()  # of ranks that could not be let go: they end with their lease


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that is no server has ended by itself."""

    name: str
    exit_status: int
    log: str


@dataclass(frozen=True, slots=True)
class Row:
    """One rank of one launch, as `status` shows it. `started` in seconds after the epoch.

    Of a launch of several ranks, a rank that nobody could see is here too, with what the others know of it:
    its phase is unreachable, unasked or gone.
    """

    name: str
    host: str
    rank: int
    phase: str
    engine: str
    pid: int
    url: str
    health: int | None
    stage: str
    started: float
    seconds: float
    exit_status: int | None
    model: str
    argv: tuple[str, ...]
    log: str
    owner: int = -1  # uid of whoever launched it
    image: str = ""  # of its container, as it was named
    image_id: str = ""  # what that name meant when it was launched
    container: str = ""  # the state of its container, in the engine's words
    attempt: str = ""  # all ranks of a launch have the same
    backend: str = ""  # how its ranks find each other
    nodes: tuple[str, ...] = ()  # the hosts of all ranks, as the launcher called them; none for the only rank
    because: str = ""  # what of the other ranks ended it, or what they know of it
    address: str = ""  # of its host, as SSH reaches it; "" for this machine
    via: str = ""  # the hosts that SSH goes through to it, where its configuration does not say


@dataclass(frozen=True, slots=True)
class Whole:
    """A launch of several ranks as one. `because`: what is wrong with which rank, "" if nothing is.

    `phase`: that of its head while all ranks live; degraded (some do), failed, ended, or unknown.
    """

    name: str
    attempt: str
    phase: str
    because: str
    url: str
    backend: str
    model: str
    nodes: tuple[str, ...]
    notes: tuple[str, ...] = ()  # what could not be seen, and which ranks do not hear of each other


@dataclass(frozen=True, slots=True)
class Status:
    """All launches of some hosts, a row a rank, and those of several ranks as a whole."""

    hosts: tuple[str, ...]
    launches: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()  # of hosts that could not be asked
    wholes: tuple[Whole, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstCause:
    """Why a launch failed: the rank whose log says it first, in the log's words; "" where none does."""

    name: str
    rank: int
    host: str
    message: str
    hint: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopReport:
    """What stopping one rank took. Memory in bytes that came back, None if nothing had run.

    `with_others`: it lived when it was looked at, and ended as soon as another rank was stopped.
    """

    name: str
    host: str
    processes: int
    port: int | None
    port_free: bool
    memory: int | None
    seconds: float
    with_others: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """Launches that are gone."""

    launches: tuple[StopReport, ...]
    problems: tuple[Problem, ...] = ()  # what is not as it should be all the same


@dataclass(frozen=True, slots=True)
class Shown:
    """A dry run: the launch that was decided and its phases; nothing was done."""

    launch: Mapping[str, Any]
    phases: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A dry run as a shell script."""

    script: str


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """A managed environment on a host. `made` in seconds after the epoch."""

    name: str
    variant: str
    host: str
    vllm: str
    python: str
    folder: str
    made: float
    current: bool  # made from the lock of this sparkup


@dataclass(frozen=True, slots=True)
class Environments:
    """Managed environments, listed or just made."""

    environments: tuple[EnvironmentRow, ...]
    note: str = ""
    problems: tuple[Problem, ...] = ()  # of hosts that could not be asked


@dataclass(frozen=True, slots=True)
class Tried:
    """The whole path in miniature went well. Times in seconds."""

    question: str
    answer: str
    tokens: int | None
    first_token: float | None
    seconds: float
    ready: Ready | None
    vllm: str
    stopped: StopReport
    set_up_seconds: float


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What is known of a host: the name of each fact and its value, as docs/facts.schema.json has them."""

    host: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of some hosts."""

    hosts: tuple[HostFacts, ...]
    problems: tuple[Problem, ...] = ()  # of hosts that could not be asked


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a host's tools printed, in files of a folder here. `missing`: file and why there is none."""

    host: str
    folder: str
    files: tuple[str, ...]
    missing: Mapping[str, str]


Answer = (
    Launched
    | Finished
    | Status
    | FirstCause
    | Stopped
    | Shown
    | Script
    | Environments
    | Tried
    | Facts
    | Recorded
    | FabricShown
    | Detected
    | Meshed
    | Checked
    | Explained
    | Images
    | ImageShown
    | ImagesDiffer
    | RolledBack
    | Pruned
    | Built
    | BuildShown
)
