"""Progress as plain lines, for logs, pipes and terminals without colours."""

from typing import TextIO

from sparkup.domain.event import (
    Event,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Planned,
    StageChanged,
    StepOutput,
    Warned,
)

STEP = 0.25  # of a fraction between two lines about it


class Plain:
    """Writes a line for what matters of the events."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.last: tuple[str, float] = ("", 0.0)

    def on(self, event: Event) -> None:
        """Write what an event is worth."""
        line = self._line(event)
        if line:
            self.out.write(line + "\n")
            self.out.flush()

    def close(self) -> None:
        """Leave the stream to its owner."""

    def _line(self, event: Event) -> str:
        match event:
            case PhaseStarted(title):
                return f"{title} ..."
            case PhaseFinished(title, seconds):
                return f"{title}: done in {seconds:.1f} s" if seconds >= 1 else ""
            case StageChanged():
                return self._stage(event)
            case StepOutput(line=line):
                return f"  {line}"
            case Noted(text):
                return f"  {text}"
            case Warned(problem, hint):
                return f"warning: {problem}" + (f" ({hint})" if hint else "")
            case Planned(text=()):
                return "  nothing to do"
            case Planned(text=text):
                return "\n".join(text)
            case _:
                return ""

    def _stage(self, event: StageChanged) -> str:
        name, fraction = self.last
        now = event.fraction or 0.0
        if name == event.stage and now < min(1.0, fraction + STEP):
            return ""
        self.last = (event.stage, now)
        share = f" {event.fraction:.0%}" if event.fraction is not None else ""
        return f"  {event.stage}{share}{': ' + event.detail if event.detail else ''}"
