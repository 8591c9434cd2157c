"""A plan says what will be done, where, in which order and why; the executor decides nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol

from sparkup.domain.command import Command, Result
from sparkup.domain.event import Event
from sparkup.errors import SparkupError


@dataclass(frozen=True, slots=True)
class Run:
    """Run one command on one host; any other exit status than 0 fails the plan.

    `explain` turns a failed command's result into an error that says what to do next. `unbroken`:
    once begun it is brought to its end, so that whoever undoes it knows what there is to undo.
    """

    id: str
    host: str
    command: Command
    reason: str
    after: tuple[str, ...] = ()
    explain: Callable[[Result], SparkupError | None] | None = None
    unbroken: bool = False
    shown: Callable[[str], str | Event] | None = None  # what to show of a slow command's line, "" for nothing


@dataclass(frozen=True, slots=True)
class Put:
    """Put a file on a host, complete or not at all."""

    id: str
    host: str
    content: bytes
    path: PurePosixPath
    reason: str
    mode: int = 0o644
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fold says of one record: what to show, and whether the wait is over and how."""

    events: tuple[Event, ...] = ()
    done: bool = False
    error: SparkupError | None = None


class Fold(Protocol):
    """Reads the records of a wait and says when it is over; one object a wait."""

    @property
    def progressed(self) -> float:
        """Return how many seconds after the wait began there last was progress."""
        ...

    def feed(self, seconds: float, record: Mapping[str, object] | None, host: str) -> Verdict:
        """Take one record of a host, so many seconds after the wait began; None when there are no more."""
        ...

    def due(self, seconds: float) -> SparkupError | None:
        """Return an error that only time has made certain."""
        ...

    def again(self, host: str) -> None:
        """Take note that a host's program was started anew and tells all of it again."""
        ...

    def gave_up(self, seconds: float, *, stalled: bool) -> SparkupError:
        """Return the error for a wait that made no progress, or took too long in all."""
        ...


@dataclass(frozen=True, slots=True)
class Wait:
    """Follow programs' JSON lines until a fold is satisfied: that of a host, and those of others with it.

    `stall` and `total` are seconds; progress resets the first, nothing resets the second.
    """

    id: str
    host: str
    command: Command
    reason: str
    fold: Callable[[], Fold]
    stall: float = 600.0
    total: float | None = None
    after: tuple[str, ...] = ()
    others: Mapping[str, Command] = field(default_factory=dict)  # host → its program
    script: tuple[str, ...] = ()  # what a printed script runs instead: 0 when true, 75 when not yet


Step = Run | Put | Wait


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in a partial order: each waits for those it names in `after`."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        known: set[str] = set()
        for step in self.steps:
            if step.id in known:
                raise ValueError(f"two steps are called {step.id}")
            if unknown := set(step.after) - known:
                raise ValueError(f"{step.id} waits for {sorted(unknown)}, not before it")
            known.add(step.id)

    def __bool__(self) -> bool:
        return bool(self.steps)


def what(step: Step) -> str:
    """Return what a step does, in the form a user could type where there is one."""
    match step:
        case Run():
            secrets = "".join(f" <{secret.name}" for secret in step.command.secrets)
            return f"run   {step.command.shell()}{secrets}"
        case Put():
            return f"put   {step.path} ({len(step.content)} bytes, mode {step.mode:o})"
        case Wait():
            limit = f", at most {step.total:.0f} s" if step.total is not None else ""
            return f"wait  {step.id} (no progress for {step.stall:.0f} s fails{limit})"


def document(plan: Plan) -> list[dict[str, object]]:
    """Return a plan as JSON: for each step its host, what it does, why, and what it waits for."""
    return [
        {
            "id": step.id,
            "host": step.host,
            "what": what(step),
            "argv": _argv(step),
            "reason": step.reason,
            "after": list(step.after),
        }
        for step in plan.steps
    ]


def _argv(step: Step) -> list[str] | None:
    return None if isinstance(step, Put) else list(step.command.argv)
