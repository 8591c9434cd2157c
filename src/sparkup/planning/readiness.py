"""Reads what node/watch.py tells of a start, and says when it is ready, failed or stuck."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sparkup.domain.event import Event, Ready
from sparkup.domain.host import follow_up
from sparkup.domain.launch import Launch, RankState
from sparkup.domain.plan import Verdict
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.facts.engine_cause import first_cause
from sparkup.facts.engine_log import Stage
from sparkup.planning.rank_progress import RankProgress

SHOWN_LINES = 12
SETTLED = 2.0  # seconds in which those that end because of another are heard of
REFUSALS = 3  # canaries that a healthy server may refuse before the start counts as failed
LIMIT = "the kernel killed processes of it, as its limit of memory was reached"
UNHEARD = "has not been heard of"  # node/peers.py of another rank; its own log has then nothing to tell
LOOK_THERE = "see whether that host is on, and its cable in; a firewall that begins to drop UDP does the same"
SHORT = "was ended by its own guard (--earlyoom): hardly any memory of the host was left"


class Readying:
    """A start, see domain.plan.Fold. The head tells when all is ready, any rank when it failed."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.ranks = {node.host: RankProgress(node) for node in launch.nodes}
        self.head = self.ranks[launch.head.host]
        self.problem = ""  # what the last look at the readiness met with

    @property
    def progressed(self) -> float:
        """Return the second in which any rank last made progress."""
        return max(rank.progressed for rank in self.ranks.values())

    def again(self, host: str = "") -> None:
        """Expect the log of a host from its beginning."""
        self._rank(host).again()

    def _rank(self, host: str) -> RankProgress:
        return self.ranks.get(host, self.head)

    def feed(self, seconds: float, record: Mapping[str, object] | None, host: str = "") -> Verdict:
        """Take one record of the watch on a host."""
        data: Mapping[str, Any] = record or {}
        rank, events = self._rank(host), list[Event]()
        if not rank.stages and self.launch.readiness.kind == "server":
            # Interpreters are importing and print nothing yet: a third of a start on a CPU.
            events += rank.at(seconds, Stage("python", "importing"))
        if record is None:
            return Verdict(tuple(events), error=self._lost(rank) if rank.fallen is None else None)
        if "exit" in data:
            return Verdict(tuple(events), *self._ended(seconds, rank, data["exit"]))
        if "look" in data:
            return self._looked(seconds, rank, data["look"], events)
        events += rank.told(seconds, data)
        return Verdict(tuple(events))

    def due(self, seconds: float) -> SparkupError | None:
        """Return what a start failed of, once those that follow from it had time to be heard."""
        fallen = self._fallen()
        first = min((rank.fallen or 0.0 for rank in fallen), default=seconds)
        if not fallen or (len(fallen) < len(self.ranks) and seconds < first + SETTLED):
            return None
        return self._why_ended(min(fallen, key=_by_cause))

    def _fallen(self) -> list[RankProgress]:
        return [rank for rank in self.ranks.values() if rank.fallen is not None]

    def _looked(
        self, seconds: float, rank: RankProgress, look: Mapping[str, Any], events: list[Event]
    ) -> Verdict:
        if rank is not self.head:
            return Verdict(tuple(events))
        if self.launch.readiness.kind == "ray":
            said = f"{len(look.get('joined', ()))} of {len(self.ranks)} hosts have joined"
            events += rank.at(seconds, Stage("ranks", said))
        if look.get("state") == "ready":
            ready = self._ready(seconds, look.get("canary") or {})
            return Verdict((*events, ready), done=not self._fallen())
        canary = look.get("canary") or {}
        self.problem = str(look.get("problem") or canary.get("problem", ""))
        if look.get("health") == 200:
            events += rank.at(seconds, Stage("canary", self.problem))
            if int(look.get("refusals", 0)) >= REFUSALS:
                return Verdict(tuple(events), error=self._refused())
        return Verdict(tuple(events))

    def _ready(self, seconds: float, canary: Mapping[str, Any]) -> Ready:
        ends, capacity = [*self.head.stages, ("", seconds)], self.head.capacity
        return Ready(
            name=self.launch.name,
            url=self.launch.url,
            seconds=seconds,
            stages=tuple((name, after - begun) for (name, begun), (_, after) in pairwise(ends)),
            kv_tokens=capacity.kv_tokens if capacity else None,
            concurrency=capacity.concurrency if capacity else None,
            canary=str(canary.get("task", "")),
            model=str(canary.get("model", "")),
        )

    def _ended(
        self, seconds: float, rank: RankProgress, how: Mapping[str, Any] | None
    ) -> tuple[bool, SparkupError | None]:
        if self.launch.attached and rank is self.head:
            return True, None  # a short command that is done, or somebody stopped the launch
        rank.fallen, rank.exit = seconds, how
        return False, self.due(seconds)

    def _why_ended(self, rank: RankProgress) -> SparkupError:
        how = rank.exit or {}
        if how.get("because"):
            return self._failed(rank, f"was ended before it was ready: {how['because']}", "start-failed")
        if how.get("asked"):
            return self._stopped_by_others()
        if how.get("short_of_memory"):
            return self._failed(rank, f"{SHORT} before it was ready", "start-failed")
        end = status_text(how.get("status"), limit_reached=bool(how.get("limit_reached")))
        return self._failed(rank, f"ended before it was ready ({end})", "start-failed")

    def _failed(self, rank: RankProgress, what: str, code: str) -> SparkupError:
        which = f" rank {rank.node.rank}" if len(self.ranks) > 1 else ""
        return failure(code, f"{self.launch.name}{which} {what}", rank.node.host, tuple(rank.lines))

    def _stopped_by_others(self) -> SparkupError:
        what = f"{self.launch.name} was stopped before it was ready"
        hint = "somebody else ran sparkup stop, or ended it by a signal; start it again"
        return WorkFailed(Problem("start-failed", what, where=self.launch.head.host, hint=hint))

    def _refused(self) -> SparkupError:
        what = f"says it is healthy but does not answer: {self.problem}"
        return self._failed(self.head, what, "canary-failed")

    def _lost(self, rank: RankProgress) -> SparkupError:
        return WorkFailed(
            Problem(
                "bad-answer",
                "the watch of the start ended without a word",
                where=rank.node.host,
                hint=log_hint(self.launch.name, rank.node.host),
            )
        )

    def gave_up(self, seconds: float, *, stalled: bool) -> SparkupError:
        """Return the error for a start that stands still or takes too long."""
        last = self.head.last
        stage = last.name if last else "its beginning"
        met = f"; the last look at it: {self.problem}" if self.problem else ""
        if stalled:
            idle = seconds - self.progressed
            return self._failed(
                self.head,
                f"made no progress for {idle:.0f} s at stage {stage} (more time: --stall-timeout){met}",
                "start-stalled",
            )
        return self._failed(
            self.head,
            f"was not ready after {seconds:.0f} s, at stage {stage} (more time: --ready-timeout){met}",
            "start-timeout",
        )


def _by_cause(rank: RankProgress) -> tuple[bool, bool, float]:
    how = rank.exit or {}
    return _blame(bool(how.get("because")), rank.lines, rank.fallen or 0.0)


def _blame(was_ended: bool, lines: Iterable[str], at: float) -> tuple[bool, bool, float]:  # noqa: FBT001
    """Order ranks that ended: first what nobody ended, whose log says why itself, that ended earliest."""
    cause = first_cause(lines)
    return was_ended, cause is None or not cause.root, at


@dataclass(frozen=True, slots=True)
class Fallen:
    """A rank that ended, with the end of its log."""

    host: str
    rank: RankState
    lines: Sequence[str]


def culprit(fallen: Sequence[Fallen]) -> Fallen:
    """Return the rank whose end made the others end."""

    def order(each: Fallen) -> tuple[bool, bool, float]:
        end = each.rank.exit
        return _blame(end is not None and bool(end.because), each.lines, end.at if end else 0.0)

    return min(fallen, key=order)


def failure(code: str, what: str, host: str, lines: Sequence[str]) -> SparkupError:
    """Return the error for an engine that failed, with the first cause that its log tells."""
    name, cause = what.split(maxsplit=1)[0], None if UNHEARD in what else first_cause(lines)
    if cause is None:
        last = tuple(lines)[-SHOWN_LINES:]
        hint = f"{LOOK_THERE}; {log_hint(name, host)}" if UNHEARD in what else log_hint(name, host)
        return WorkFailed(Problem(code, what, where=host, hint=hint, details=last))
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
    if rank.exit is not None and rank.exit.because:
        how = f"was ended: {rank.exit.because}"
        lines = lines if first_cause(lines) else ()  # nothing but what it did until then
    which = f" rank {rank.rank}" if "beats" in rank.spec else ""
    return failure("engine-died", f"{name}{which} {how}", host, lines)


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
