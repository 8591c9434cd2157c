"""Progress as plain lines, for logs, pipes and terminals without colours."""

import time
from typing import TextIO

from sparkup.domain.event import (
    Event,
    Noted,
    PhaseFinished,
    PhaseStarted,
    StageChanged,
    StepOutput,
    StepStarted,
    Warned,
)

PAUSE = 2.0  # seconds between two lines of a program's output
STEP = 0.25  # of a fraction between two lines about it
BEHIND = 30.0  # seconds after which a rank that does not keep up with the head is worth a line


class Plain:
    """Writes a line for what matters of the events.

    Of several ranks the head speaks for all, as they work in step. Another one is worth lines while it is
    still at something that the head has done for a while.
    """

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.title = ""  # of the phase that runs, once it is worth a line
        self.hosts: set[str] = set()  # where something was begun: of several each line says which
        self.last: dict[int, tuple[str, float]] = {}  # what was told of each rank
        self.done: dict[str, float] = {}  # when the head had done with a stage
        self.now = ""  # the stage of the head
        self.output_at = 0.0

    def on(self, event: Event) -> None:
        """Write what an event is worth; a phase in which nothing happens is worth nothing."""
        line = self._line(event)
        if line:
            title, self.title = self.title, ""
            self.out.write((f"{title} ...\n" if title else "") + line + "\n")
            self.out.flush()

    def close(self) -> None:
        """Leave the stream to its owner."""

    def _line(self, event: Event) -> str:
        match event:
            case PhaseStarted(title):
                self.title = title
                return ""
            case PhaseFinished(title, seconds):
                return f"{title}: done in {seconds:.1f} s" if seconds >= 1 else ""
            case StepStarted(host=host, reason=reason):
                self.hosts.add(host)
                return f"  {self._whose(host)}{reason}" if event.slow else ""
            case StageChanged():
                return self._stage(event)
            case StepOutput(host=host, line=line):
                return f"    {line}" if event.whole else self._output(self._whose(host) + line)
            case Noted(text):
                return f"  {text}"
            case Warned(problem, hint):
                return f"warning: {problem}" + (f" ({hint})" if hint else "")
            case _:
                return ""

    def _whose(self, host: str) -> str:
        return f"{host}: " if len(self.hosts) > 1 else ""

    def _output(self, line: str) -> str:
        """Return one line of many: some programs print hundreds."""
        now = time.monotonic()
        if now - self.output_at < PAUSE:
            return ""
        self.output_at = now
        return f"    {line}"

    def _stage(self, event: StageChanged) -> str:
        if event.rank == 0:
            self._head_is_at(event)
        elif not self._behind(event):
            return ""
        name, fraction = self.last.get(event.rank, ("", 0.0))
        now = event.fraction or 0.0
        if name == event.stage and (now == fraction or now < min(1.0, fraction + STEP)):
            return ""
        self.last[event.rank] = (event.stage, now)
        whose = f"rank {event.rank} {event.host}: " if len(self.hosts) > 1 or event.rank else ""
        share = f" {event.fraction:.0%}" if event.fraction is not None else ""
        return f"  {whose}{event.stage}{share}{': ' + event.detail if event.detail else ''}"

    def _head_is_at(self, event: StageChanged) -> None:
        if event.stage != self.now:
            self.done.setdefault(self.now, time.monotonic())
            self.now = event.stage
        if event.fraction is not None and event.fraction >= 1:
            self.done.setdefault(event.stage, time.monotonic())

    def _behind(self, event: StageChanged) -> bool:
        """Say whether a rank tells how far it is with what the head has done for a while."""
        done = self.done.get(event.stage, float("inf"))
        return event.fraction is not None and time.monotonic() - done > BEHIND
