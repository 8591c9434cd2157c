"""Progress as a picture that changes in place; the only module that imports rich."""

import time
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.spinner import Spinner
from rich.text import Text

from sparkup.domain.event import Answered, Asked, Event, Failed, Noted, PhaseStarted, Printed
from sparkup.report.view import PhaseView, StageView, View, reduce

BAR = 24  # characters


class Live:
    """Redraws the view while an action works; steps aside for good when the answer comes."""

    def __init__(self, out: TextIO) -> None:
        self.console = Console(file=out, highlight=False)
        self.view = View()
        self.begun = time.monotonic()
        self.spinner = Spinner("dots")  # one for all pictures: a new one always shows its first frame
        self.live: RichLive | None = RichLive(
            console=self.console,
            get_renderable=self.picture,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,  # rich would send answers where progress goes: a pipe would stay empty
            redirect_stderr=False,
        )
        self.live.start()

    def on(self, event: Event) -> None:
        """Take in one event."""
        if self.live is not None:
            self.live.stop() if isinstance(event, Asked) else self.live.start()  # which it may be already
        if isinstance(event, PhaseStarted):
            self.begun = time.monotonic()
        if self.live is None and isinstance(event, Noted):
            self.console.print(Text(f"  {event.text}", style="dim"))
        self.view = reduce(self.view, event)
        if isinstance(event, Answered | Printed | Failed):
            self.close()

    def close(self) -> None:
        """Leave the last picture, without what moves, above whatever comes next."""
        if self.live is not None:
            live, self.live = self.live, None
            live.stop()
            self.console.print(Group(*self._done()))

    def picture(self) -> RenderableType:
        """Return the view as it is now."""
        return Group(*self._done(), *self._running())

    def _done(self) -> list[RenderableType]:
        lines: list[RenderableType] = [
            _finished(phase) for phase in self.view.phases if phase.seconds is not None
        ]
        lines += [Text(f"  {note}", style="dim") for note in self.view.notes]
        return lines

    def _running(self) -> list[RenderableType]:
        current = next((phase for phase in self.view.phases[-1:] if phase.seconds is None), None)
        if current is None:
            return []
        seconds = time.monotonic() - self.begun
        lines: list[RenderableType] = [self.spinner]
        self.spinner.update(text=Text(f" {current.title}  {seconds:.0f} s", style="bold"))
        if self.view.passed:
            lines.append(Text("  " + " > ".join(self.view.passed), style="dim"))
        lines += [_stage(stage) for stage in self.view.stages]
        width = max(20, self.console.width - 4)
        lines += [Text("  " + line[:width], style="dim", no_wrap=True) for line in self.view.tail]
        return lines


def _finished(phase: PhaseView) -> Text:
    return Text.assemble(("✓ ", "green"), phase.title, (f"  {phase.seconds or 0.0:.1f} s", "dim"))


def _stage(stage: StageView) -> Text:
    bar = ""
    if stage.fraction is not None:
        full = round(stage.fraction * BAR)
        bar = f" {'█' * full}{'░' * (BAR - full)} {stage.fraction:.0%}"
    return Text.assemble("  ", (stage.name, "cyan"), bar, f"  {stage.detail}")
