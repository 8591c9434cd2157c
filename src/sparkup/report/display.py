"""Which display shows what: the answer on standard output, progress on standard error."""

import shutil
import sys
from dataclasses import asdict
from importlib import import_module
from typing import Protocol, TextIO

from sparkup.domain.event import Answered, Event, Failed, Printed, to_json
from sparkup.report.failure import can_draw
from sparkup.report.json_line import json_line
from sparkup.report.people import answer_text
from sparkup.report.plain import Plain


class Reporter(Protocol):
    """Shows events."""

    def on(self, event: Event) -> None:
        """Show one event, or leave it."""
        ...

    def close(self) -> None:
        """Show no more."""
        ...


class Quiet:
    """Shows nothing."""

    def on(self, event: Event) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class JsonLines:
    """Writes every event as a line of JSON."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def on(self, event: Event) -> None:
        """Write one event; a failure is left to print_failure, which tells of those before any event, too."""
        if not isinstance(event, Failed):
            self.out.write(json_line(to_json(event)))
            self.out.flush()

    def close(self) -> None:
        """Leave the stream to its owner."""


class Display:
    """Progress on one stream, answers on the other."""

    def __init__(self, progress: Reporter, *, as_json: bool, out: TextIO) -> None:
        self.progress, self.as_json, self.out = progress, as_json, out
        self.again = False  # this is not the first answer: it takes the place of the one before

    def on(self, event: Event) -> None:
        """Show one event."""
        self.progress.on(event)
        if isinstance(event, Answered):
            self._answer(event)
        elif isinstance(event, Printed):
            self._print(event.text)

    def _answer(self, event: Answered) -> None:
        if self.as_json:
            self.out.write(json_line(asdict(event.answer)))
        else:
            terminal = self.out.isatty()
            width = shutil.get_terminal_size().columns if terminal else None
            self.out.write(answer_text(event.answer, clear=self.again and terminal, width=width))
            self.again = True
        self.out.flush()

    def _print(self, text: str) -> None:
        if self.as_json:
            self.out.write("".join(json_line({"line": line}) for line in text.split("\n")))
        else:
            self.out.write(text + "\n")
        self.out.flush()

    def close(self) -> None:
        """Show no more."""
        self.progress.close()
        self.out.flush()


def display(*, as_json: bool, progress: str) -> Display:
    """Choose the displays: live on a terminal, plain lines elsewhere, or as asked."""
    return Display(_progress(progress), as_json=as_json, out=sys.stdout)


def _progress(name: str) -> Reporter:
    if name == "auto":
        name = "live" if can_draw(sys.stderr) else "plain"
    match name:
        case "live":  # rich is slow to load and only needed here
            reporter: Reporter = import_module("sparkup.report.live").Live(sys.stderr)
            return reporter
        case "json":
            return JsonLines(sys.stderr)
        case "quiet":
            return Quiet()
        case _:
            return Plain(sys.stderr)
