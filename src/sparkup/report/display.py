"""Which display shows what: the answer on standard output, progress on standard error."""

import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib import import_module
from typing import Protocol, TextIO, cast

from sparkup.domain.event import Answered, Event, Failed, Printed, to_json
from sparkup.domain.lines import Lines
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


class Out(Protocol):
    """Standard output, which takes text and bytes as they are."""

    def write(self, text: str, /) -> int:
        """Write text."""
        ...

    def write_bytes(self, data: bytes) -> None:
        """Write bytes after it."""
        ...

    def flush(self) -> None:
        """Send what is left."""
        ...

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
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
        self.cut = Lines()  # of what is printed: each is whole

    def on(self, event: Event) -> None:
        """Write one event; a failure is left to print_failure, which tells of those before any event, too."""
        if isinstance(event, Printed) and event.rank is None:
            self._write(*map(_printed, self.cut.feed(event.data)))
        elif not isinstance(event, Failed):
            self._write(*map(_printed, self.cut.end()), event)

    def close(self) -> None:
        """Leave the stream to its owner."""
        self._write(*map(_printed, self.cut.end()))

    def _write(self, *events: Event) -> None:
        self.out.write("".join(json_line(to_json(event)) for event in events))
        self.out.flush()


class Display:
    """Progress on one stream, answers on the other."""

    def __init__(self, progress: Reporter, *, as_json: bool, out: Out) -> None:
        self.progress, self.as_json, self.out = progress, as_json, out
        self.again = False  # this is not the first answer: it takes the place of the one before
        self.cut = Lines()  # of what is printed, for JSON

    def on(self, event: Event) -> None:
        """Show one event."""
        self.progress.on(event)
        if isinstance(event, Answered):
            self._answer(event)
        elif isinstance(event, Printed):
            self._of_rank(event) if event.rank is not None else self._print(event.data)

    def _answer(self, event: Answered) -> None:
        if self.as_json:
            self._lines(self.cut.end())
            self.out.write(json_line(asdict(event.answer)))
        else:
            terminal = self.out.isatty()
            width = shutil.get_terminal_size().columns if terminal else None
            self.out.write(answer_text(event.answer, clear=self.again and terminal, width=width))
            self.again = True
        self.out.flush()

    def _print(self, data: bytes) -> None:
        if self.as_json:
            self._lines(self.cut.feed(data))
        else:
            self.out.write_bytes(data)
        self.out.flush()

    def _of_rank(self, event: Printed) -> None:
        whose = {"rank": event.rank, "host": event.host}
        if self.as_json:
            lines = Lines()
            for line in (*lines.feed(event.data), *lines.end()):
                self.out.write(json_line({"line": line, **whose}))
        else:
            for each in event.data.splitlines(keepends=True):
                self.out.write_bytes(f"[{event.rank} {event.host}] ".encode() + each)
        self.out.flush()

    def _lines(self, lines: Iterable[str]) -> None:
        self.out.write("".join(json_line({"line": line}) for line in lines))

    def close(self) -> None:
        """Show no more."""
        self.progress.close()
        self._lines(self.cut.end())
        self.out.flush()


def _printed(line: str) -> Printed:
    return Printed(line.encode())


def display(*, as_json: bool, progress: str) -> Display:
    """Choose the displays: live on a terminal, plain lines elsewhere, or as asked."""
    return Display(_progress(progress), as_json=as_json, out=cast("Out", sys.stdout))


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
