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


class Plain:
    """Writes a line for what matters of the events."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.title = ""  # of the phase that runs, once it is worth a line
        self.last: tuple[str, float] = ("", 0.0)
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
            case StepStarted(reason=reason) if event.slow:
                return f"  {reason}"
            case StageChanged():
                return self._stage(event)
            case StepOutput(line=line):
                return self._output(line)
            case Noted(text):
                return f"  {text}"
            case Warned(problem, hint):
                return f"warning: {problem}" + (f" ({hint})" if hint else "")
            case _:
                return ""

    def _output(self, line: str) -> str:
        """Return one line of many: some programs print hundreds."""
        now = time.monotonic()
        if now - self.output_at < PAUSE:
            return ""
        self.output_at = now
        return f"    {line}"

    def _stage(self, event: StageChanged) -> str:
        name, fraction = self.last
        now = event.fraction or 0.0
        if name == event.stage and (now == fraction or now < min(1.0, fraction + STEP)):
            return ""
        self.last = (event.stage, now)
        share = f" {event.fraction:.0%}" if event.fraction is not None else ""
        return f"  {event.stage}{share}{': ' + event.detail if event.detail else ''}"
