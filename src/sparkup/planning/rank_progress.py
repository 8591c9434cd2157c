"""How far the start of one rank is, from what the watch on its host tells."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from sparkup.domain.event import Event, LogLine, StageChanged
from sparkup.domain.launch import Node
from sparkup.facts.engine_log import Capacity, LogReader, Stage
from sparkup.planning.progress import Progress

KEPT_LINES = 20_000  # for the search of a first cause; a start prints some hundreds
GIB = 1 << 30


class RankProgress:
    """What is known of the start of one rank; `exit` is how it ended, if it has."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.progressed = 0.0  # seconds after the wait began
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.progress = Progress()
        self.reader = LogReader()
        self.capacity: Capacity | None = None
        self.stages: list[tuple[str, float]] = []  # in order, with the second each began at
        self.last: Stage | None = None
        self.fallen: float | None = None  # the second at which it ended
        self.exit: Mapping[str, Any] | None = None
        self.heard = self.known = 0  # lines of the log; those of them that come a second time

    def again(self) -> None:
        """Expect the log from its beginning: what was heard of it is nothing new."""
        self.known, self.heard = max(self.known, self.heard), 0

    def told(self, seconds: float, data: Mapping[str, Any]) -> Iterator[Event]:
        """Take what a record says of the log and of what was read from disk."""
        for line in data.get("log", ()):
            yield from self._line(seconds, line)
        if "read" in data:
            yield from self._read(seconds, int(data["read"]))

    def _line(self, seconds: float, line: str) -> Iterator[Event]:
        self.heard += 1
        if self.heard <= self.known:
            return
        self.lines.append(line)
        if self.progress.is_made_by(line):
            self.progressed = seconds
        yield LogLine(self.node.host, self.node.rank, line)
        for found in self.reader.feed(line):
            if isinstance(found, Capacity):
                self.capacity = found
            else:
                yield from self.at(seconds, found)

    def at(self, seconds: float, stage: Stage) -> Iterator[Event]:
        """Take note that it is at a stage."""
        if stage == self.last:
            return
        self.last = stage
        if all(name != stage.name for name, _ in self.stages):
            self.progressed = seconds  # its details may count seconds: of these the lines tell
        if not self.stages or self.stages[-1][0] != stage.name:
            self.stages.append((stage.name, seconds))
        yield StageChanged(self.node.host, self.node.rank, stage.name, stage.detail, stage.fraction)

    def _read(self, seconds: float, count: int) -> Iterator[Event]:
        """Bytes read from disk are progress: weights may load for minutes without a line."""
        self.progressed = seconds
        if self.last is not None and self.last.name == "weights":
            stage = Stage("weights", f"{count / GIB:.1f} GiB read", self.last.fraction)
            yield from self.at(seconds, stage)
