"""What a display shows, as one value that every event changes by a pure rule."""

import re
from dataclasses import dataclass, replace

from sparkup.domain.event import (
    Event,
    LogLine,
    Noted,
    PhaseFinished,
    PhaseStarted,
    StageChanged,
    StepOutput,
    Warned,
)

TAIL = 3  # log lines worth showing under a running phase
# Control sequences of terminals (ECMA-48): CSI, OSC, others.
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")


@dataclass(frozen=True, slots=True)
class PhaseView:
    """A phase: how long it took, None while it runs."""

    title: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StageView:
    """Where the start of a rank is."""

    host: str
    rank: int
    name: str
    detail: str = ""
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    """All that a display of progress shows."""

    phases: tuple[PhaseView, ...] = ()
    stages: tuple[StageView, ...] = ()  # of the ranks, each at its present one
    passed: tuple[str, ...] = ()  # stages that the head has been through
    tail: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def reduce(view: View, event: Event) -> View:
    """Return the view after an event."""
    match event:
        case PhaseStarted(title):
            return View(phases=(*view.phases, PhaseView(title)), notes=view.notes)
        case PhaseFinished(title, seconds):
            return replace(view, phases=(*view.phases[:-1], PhaseView(title, seconds)), tail=())
        case StageChanged():
            return _staged(view, event)
        case LogLine(line=line) | StepOutput(line=line):
            return replace(view, tail=(*view.tail, printable(line))[-TAIL:])
        case Noted(text):
            return replace(view, notes=(*view.notes, text))
        case Warned(problem):
            return replace(view, notes=(*view.notes, f"warning: {problem}"))
        case _:
            return view


def _staged(view: View, event: StageChanged) -> View:
    new = StageView(event.host, event.rank, event.stage, event.detail, event.fraction)
    others = tuple(stage for stage in view.stages if (stage.host, stage.rank) != (event.host, event.rank))
    known = event.stage in view.passed
    passed = view.passed if known or event.rank != 0 else (*view.passed, event.stage)
    return replace(view, stages=(*others, new), passed=passed)


def printable(line: str) -> str:
    """Return a line of a program without what would move, clear or colour our terminal."""
    return "".join(char if char.isprintable() else " " for char in ESCAPES.sub("", line))
