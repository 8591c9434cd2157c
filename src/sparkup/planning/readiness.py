"""Reads what node/watch.py tells of a start, and says when it is ready, failed or stuck."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from sparkup.domain.event import Event, LogLine, Ready, StageChanged
from sparkup.domain.host import follow_up
from sparkup.domain.launch import Launch, RankState
from sparkup.domain.plan import Verdict
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.facts.engine_cause import first_cause
from sparkup.facts.engine_log import Capacity, LogReader, Stage
from sparkup.planning.progress import Progress

KEPT_LINES = 20_000  # for the search of a first cause; a start prints some hundreds
SHOWN_LINES = 12
REFUSALS = 3  # canaries that a healthy server may refuse before the start counts as failed
GIB = 1 << 30
LIMIT = "the kernel killed processes of it, as its limit of memory was reached"
SHORT = "was ended by its own guard (--earlyoom): hardly any memory of the host was left"


class Readying:
    """The fold of one start; see domain.plan.Fold."""

    def __init__(self, launch: Launch, log: PurePosixPath) -> None:
        self.launch, self.log = launch, log
        self.progressed = 0.0
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.progress = Progress()
        self.reader = LogReader()
        self.capacity: Capacity | None = None
        self.stages: list[tuple[str, float]] = []  # in order, with the second each began at
        self.last: Stage | None = None
        self.problem = ""  # what the last look at the readiness met with
        self.heard = self.known = 0  # lines of the log; those of them that come a second time

    def again(self) -> None:
        """Expect the log from its beginning: what was heard of it is nothing new."""
        self.known, self.heard = max(self.known, self.heard), 0

    def feed(self, seconds: float, record: dict[str, object] | None) -> Verdict:
        """Take one record of the watch."""
        data: Mapping[str, Any] = record or {}
        events: list[Event] = []
        if not self.stages and self.launch.readiness.kind == "server":
            # Interpreters are importing and print nothing yet: a third of a start on a CPU.
            events += self._at(seconds, Stage("python", "importing"))
        if record is None:
            return Verdict(tuple(events), error=self._lost())
        if "exit" in data:
            return Verdict(tuple(events), *self._ended(data["exit"]))
        if "look" in data:
            return self._looked(seconds, data["look"], events)
        for line in data.get("log", ()):
            events += self._line(seconds, line)
        if "read" in data:
            events += self._read(seconds, int(data["read"]))
        return Verdict(tuple(events))

    def _line(self, seconds: float, line: str) -> Iterator[Event]:
        self.heard += 1
        if self.heard <= self.known:
            return
        self.lines.append(line)
        if self.progress.is_made_by(line):
            self.progressed = seconds
        yield LogLine(self.launch.head.host, self.launch.head.rank, line)
        for found in self.reader.feed(line):
            if isinstance(found, Capacity):
                self.capacity = found
            else:
                yield from self._at(seconds, found)

    def _at(self, seconds: float, stage: Stage) -> Iterator[Event]:
        if stage == self.last:
            return
        self.last = stage
        if all(name != stage.name for name, _ in self.stages):
            self.progressed = seconds  # its details may count seconds: of these the lines tell
        if not self.stages or self.stages[-1][0] != stage.name:
            self.stages.append((stage.name, seconds))
        head = self.launch.head
        yield StageChanged(head.host, head.rank, stage.name, stage.detail, stage.fraction)

    def _read(self, seconds: float, count: int) -> Iterator[Event]:
        """Bytes read from disk are progress: weights may load for minutes without a line."""
        self.progressed = seconds
        if self.last is not None and self.last.name == "weights":
            stage = Stage("weights", f"{count / GIB:.1f} GiB read", self.last.fraction)
            yield from self._at(seconds, stage)

    def _looked(self, seconds: float, look: Mapping[str, Any], events: list[Event]) -> Verdict:
        if look.get("state") == "ready":
            return Verdict((*events, self._ready(seconds, look.get("canary") or {})), done=True)
        canary = look.get("canary") or {}
        self.problem = str(look.get("problem") or canary.get("problem", ""))
        if look.get("health") == 200:
            events += self._at(seconds, Stage("canary", self.problem))
            if int(look.get("refusals", 0)) >= REFUSALS:
                return Verdict(tuple(events), error=self._refused())
        return Verdict(tuple(events))

    def _ready(self, seconds: float, canary: Mapping[str, Any]) -> Ready:
        ends = [*self.stages, ("", seconds)]
        return Ready(
            name=self.launch.name,
            url=self.launch.url,
            seconds=seconds,
            stages=tuple((name, after - begun) for (name, begun), (_, after) in pairwise(ends)),
            kv_tokens=self.capacity.kv_tokens if self.capacity else None,
            concurrency=self.capacity.concurrency if self.capacity else None,
            canary=str(canary.get("task", "")),
            model=str(canary.get("model", "")),
        )

    def _ended(self, how: Mapping[str, Any] | None) -> tuple[bool, SparkupError | None]:
        status = how.get("status") if how else None
        if how and how.get("asked") and not self.launch.attached:
            return True, self._stopped_by_others()
        if self.launch.attached:
            return True, None  # a short command that is done, or somebody stopped the launch
        if how and how.get("short_of_memory"):
            return True, self._failed(f"{SHORT} before it was ready", "start-failed")
        end = status_text(status, limit_reached=bool(how and how.get("limit_reached")))
        return True, self._failed(f"ended before it was ready ({end})", "start-failed")

    def _failed(self, what: str, code: str) -> SparkupError:
        return failure(code, f"{self.launch.name} {what}", self.launch.head.host, tuple(self.lines))

    def _stopped_by_others(self) -> SparkupError:
        what = f"{self.launch.name} was stopped before it was ready"
        hint = "somebody else ran sparkup stop, or ended it by a signal; start it again"
        return WorkFailed(Problem("start-failed", what, where=self.launch.head.host, hint=hint))

    def _refused(self) -> SparkupError:
        return self._failed(f"says it is healthy but does not answer: {self.problem}", "canary-failed")

    def _lost(self) -> SparkupError:
        return WorkFailed(
            Problem(
                "bad-answer",
                "the watch of the start ended without a word",
                where=self.launch.head.host,
                hint=log_hint(self.launch.name, self.launch.head.host),
            )
        )

    def gave_up(self, seconds: float, *, stalled: bool) -> SparkupError:
        """Return the error for a start that stands still or takes too long."""
        stage = self.last.name if self.last else "its beginning"
        met = f"; the last look at it: {self.problem}" if self.problem else ""
        if stalled:
            idle = seconds - self.progressed
            return self._failed(
                f"made no progress for {idle:.0f} s at stage {stage} (more time: --stall-timeout){met}",
                "start-stalled",
            )
        return self._failed(
            f"was not ready after {seconds:.0f} s, at stage {stage} (more time: --ready-timeout){met}",
            "start-timeout",
        )


def failure(code: str, what: str, host: str, lines: Sequence[str]) -> SparkupError:
    """Return the error for an engine that failed, with the first cause that its log tells."""
    name, cause = what.split(maxsplit=1)[0], first_cause(lines)
    if cause is None:
        last = tuple(lines)[-SHOWN_LINES:]
        return WorkFailed(Problem(code, what, where=host, hint=log_hint(name, host), details=last))
    hint = "; ".join(filter(None, (cause.hint, log_hint(name, host))))
    return WorkFailed(Problem(code, f"{what}: {cause.message}", host, hint, cause.lines))


def died(name: str, host: str, rank: RankState, lines: Sequence[str]) -> SparkupError:
    """Return the error for a launch that served and ended although nobody asked it to.

    vLLM exits 0 when its engine dies, so the status says nothing.
    """
    status = rank.exit.status if rank.exit else None
    end = status_text(status, limit_reached=rank.exit is not None and rank.exit.limit_reached)
    if rank.exit is None and rank.contained:
        end = "its container was killed or removed"
    short = rank.exit is not None and rank.exit.short_of_memory
    how = SHORT if short else f"ended although nobody had asked it to ({end})"
    return failure("engine-died", f"{name} {how}", host, lines)


def log_hint(name: str, host: str) -> str:
    """Say how to read all of a launch's log."""
    return f"the whole log: {follow_up('logs', name, host)}"


def status_text(status: object, *, limit_reached: bool = False) -> str:
    """Say in words how a process ended; shells count signals from 128."""
    if limit_reached:
        return f"{status_text(status)}; {LIMIT}"
    if not isinstance(status, int):
        return "its supervisor vanished"
    if status == 137:
        return "killed: exit status 137, which is also what the kernel does when memory runs out"
    if status > 128:
        return f"ended by signal {status - 128}"
    return f"exit status {status}"
