"""How a launch is to be started, in which phases, and what is known of how far it got."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sparkup.domain.event import Event, Ready, StepFinished, StepStarted
from sparkup.domain.launch import Launch
from sparkup.planning.launch import ready_plan, start_plan
from sparkup.run.executor import Emit, Results
from sparkup.run.phases import Phase
from sparkup.run.program import program, program_name


@dataclass(frozen=True, slots=True)
class Manner:
    """How the command that launches behaves itself."""

    detach: bool = False  # return when all ranks run
    follow: bool = True  # after ready, copy the log
    stop_on_exit: bool = False  # the launch ends with the command
    attach: bool = True  # what is no server is followed to its end

    def waits(self, launch: Launch) -> bool:
        """Say whether a launch is waited for: one that is attached is followed from its start."""
        return not (self.detach or launch.attached)


class Capture:
    """Passes events on and keeps what they tell of a start: the ranks that began, and that it is ready."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.ready: Ready | None = None
        self.begun: set[str] = set()  # ids of steps
        self.done: set[str] = set()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Ready):
            self.ready = event
        if isinstance(event, StepStarted):
            self.begun.add(event.id)
        if isinstance(event, StepFinished):
            self.done.add(event.id)
        self.emit(event)


def start_phase(launch: Launch, *, put_always: bool = False) -> Phase:
    """Return the phase that starts all ranks."""
    return Phase(
        "Start", lambda seen: start_plan(launch, seen, program_name(), program(), put_always=put_always)
    )


def start_notes(results: Results) -> Iterator[str]:
    """Yield what the starts of ranks tell that a user would not expect."""
    for step, result in results.items():
        if step.startswith("start rank") and (note := json.loads(result.stdout.splitlines()[-1]).get("note")):
            yield note


def ready_phase(launch: Launch) -> Phase:
    """Return the phase that waits until a launch is ready."""
    return Phase("Wait until ready", lambda seen: ready_plan(launch, seen, program_name()))
