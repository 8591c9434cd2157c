"""What a real vLLM printed, with the process ids, times, model and port of now."""

import re
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "engine_log" / "recorded"
BYTES_PER_TOKEN = 2048  # of the recorded model

_SOURCE = re.compile(r"\((APIServer|EngineCore|Worker|VllmWorker)([^ )]*) pid=\d+\)")
_TOLD = re.compile(r"\b(EngineCore|VLLM::Worker) pid \d+$")
_TIME = re.compile(r"\d\d-\d\d \d\d:\d\d:\d\d(?= \[)")


def load(name: str) -> list[str]:
    """Return the lines of a recorded log, carriage returns kept."""
    return (FOLDER / f"{name}.log").read_bytes().decode(errors="replace").split("\n")


def after(lines: list[str], mark: str) -> list[str]:
    """Return the lines from the first with a mark on."""
    at = next(index for index, line in enumerate(lines) if mark in line)
    return lines[at:]


class Recording:
    """A recorded log that is read on and on."""

    def __init__(self, name: str) -> None:
        """Begin at the first line."""
        self.lines, self.at = load(name), 0

    def until(self, mark: str) -> list[str]:
        """Return the lines up to the one with a mark, which comes next."""
        begin = self.at
        while mark not in self.lines[self.at]:
            self.at += 1
        return self.lines[begin : self.at]


class Printer:
    """Prints recorded lines; `pids` has those of APIServer, EngineCore and Worker."""

    def __init__(self, *, quiet: bool) -> None:
        """Begin without substitutions; a quiet one prints nothing."""
        self.quiet = quiet
        self.pids: dict[str, int] = {}
        self.replace: list[tuple[str, str]] = []

    def line(self, text: str) -> None:
        """Print a line as if it were printed now, by us."""
        if self.quiet:
            return
        text = _SOURCE.sub(self._source, text)
        text = _TOLD.sub(lambda match: f"{match[1]} pid {self._pid(match[1])}", text)
        text = _TIME.sub(time.strftime("%m-%d %H:%M:%S"), text)
        for old, new in self.replace:
            text = text.replace(old, new)
        self.raw(text)

    def show(self, lines: list[str]) -> None:
        """Print some lines as if they were printed now."""
        for line in lines:
            self.line(line)

    def raw(self, text: str) -> None:
        """Print a line unchanged."""
        if not self.quiet:
            # One write a line, so that the lines of several processes do not mix.
            sys.stdout.buffer.write(text.encode() + b"\n")
            sys.stdout.buffer.flush()

    def _source(self, match: re.Match[str]) -> str:
        return f"({match[1]}{match[2]} pid={self._pid(match[1])})"

    def _pid(self, kind: str) -> int:
        return self.pids.get("Worker" if "Worker" in kind else kind, 0)
