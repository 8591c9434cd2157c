"""What happened, as values: every display, the journal and the JSON output are made from these."""

from dataclasses import asdict, dataclass
from typing import Any

from sparkup.errors import Problem


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A titled stage of an action begins."""

    title: str


@dataclass(frozen=True, slots=True)
class PhaseFinished:
    """A stage ended well, after so many seconds."""

    title: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A dry run shows what a stage would do."""

    title: str
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins on a host."""

    id: str
    host: str
    reason: str
    slow: bool = False  # it may take minutes


@dataclass(frozen=True, slots=True)
class StepOutput:
    """A running step printed a line. `whole`: of its output each line was asked for."""

    id: str
    host: str
    line: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended well, after so many seconds."""

    id: str
    host: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StageChanged:
    """The engine of a rank is at a new point of its start; `fraction` is 0 to 1 where it is known."""

    host: str
    rank: int
    stage: str
    detail: str = ""
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """The engine of a rank printed a line."""

    host: str
    rank: int
    line: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the user should know that stops nothing."""

    problem: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """A plain remark on what is going on."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The user is asked something on the terminal, which belongs to the question until the next event."""

    text: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A launch answers requests: where, how long each stage took, and what the engine can hold."""

    name: str
    url: str
    seconds: float
    stages: tuple[tuple[str, float], ...] = ()
    kv_tokens: int | None = None
    concurrency: float | None = None
    canary: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The action ended with these problems."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A piece of the answer itself, byte for byte: of a log that is copied.

    With a rank and its host it is whole lines of that rank, among those of others.
    """

    data: bytes
    rank: int | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of an action, one of domain.answer: what `--json` prints, and the same for people."""

    answer: Any


Event = (
    PhaseStarted
    | PhaseFinished
    | Planned
    | StepStarted
    | StepOutput
    | StepFinished
    | StageChanged
    | LogLine
    | Warned
    | Noted
    | Asked
    | Ready
    | Failed
    | Printed
    | Answered
)


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as a JSON object whose `event` member is the type's name; bytes become text."""
    if isinstance(event, Printed):
        whose = {} if event.rank is None else {"rank": event.rank, "host": event.host}
        return {"event": "Printed", "data": event.data.decode(errors="replace"), **whose}
    return {"event": type(event).__name__, **asdict(event)}
