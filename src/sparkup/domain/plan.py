"""A plan says what will be done, where, in which order and why; the executor decides nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sparkup.domain.command import Command
from sparkup.domain.event import Event
from sparkup.errors import SparkupError


@dataclass(frozen=True, slots=True)
class Run:
    """Run one command on one host; any other exit status than 0 fails the plan.

    `explain` turns a failed command's status and output into an error that says what to do next.
    """

    id: str
    host: str
    command: Command
    reason: str
    after: tuple[str, ...] = ()
    explain: "Callable[[int, str, str], SparkupError | None] | None" = None


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
    progress: bool = False  # resets the stall limit
    done: bool = False
    error: SparkupError | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Follow a program's JSON lines until `fold` is satisfied.

    `stall` and `total` are seconds; progress resets the first, nothing resets the second. `fold` is
    made anew for each wait (it is a closure over a state that only it sees) and is called with the
    seconds since the wait began and one record, or None when the program ended.
    """

    id: str
    host: str
    command: Command
    reason: str
    fold: Callable[[], Callable[[float, dict[str, object] | None], Verdict]]
    stalled: Callable[[str], SparkupError]
    stall: float = 600.0
    total: float | None = None
    after: tuple[str, ...] = ()
    script: tuple[str, ...] = ()  # what a printed script runs instead: an argv that exits 0 when true


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

    def __str__(self) -> str:
        return "\n".join(lines(self))


def lines(plan: Plan) -> Iterator[str]:
    """Yield a plan as text, a step a line: number, host, what, why."""
    for number, step in enumerate(plan.steps, start=1):
        yield f"{number:>3}  {step.host:<12} {what(step)}"
        yield f"     {'':<12} # {step.reason}"
    for note in plan.notes:
        yield f"     {'':<12} ! {note}"


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


def join(plans: Sequence[Plan]) -> Plan:
    """Return one plan that carries out others one after another."""
    steps: list[Step] = []
    for plan in plans:
        steps.extend(plan.steps)
    return Plan(tuple(steps), tuple(note for plan in plans for note in plan.notes))
