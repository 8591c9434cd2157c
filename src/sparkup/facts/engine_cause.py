"""Why an engine failed to start or died, from its log: the root, not what followed from it.

One dead rank makes every process print a traceback of its own. What is looked for is the first one
that says something itself; those that only point at another ("see root cause above", "executor
failed", a peer that has gone) count only when there is nothing better.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sparkup.facts.engine_failures import FAILURES
from sparkup.facts.engine_line import Line, clean_all
from sparkup.facts.engine_message import condense
from sparkup.facts.engine_traceback import Raised, is_raised, is_traceback, raised
from sparkup.facts.known_failure import recognise

_EVIDENCE = 12  # lines


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an engine ended: in its own words, what to do next ("" if unknown), the lines that say so.

    `failure` is the id of a known failure, "" if it is none. `root`: it says what went wrong itself,
    and does not only follow from the end of another process.
    """

    message: str
    hint: str = ""
    lines: tuple[str, ...] = ()
    failure: str = ""
    root: bool = False


class _Worth(IntEnum):
    """How good a find is; among equals the first in the log is the root."""

    ERROR = 0  # a line that calls itself an error
    POINTER = 1  # an exception that points at another one
    CONSEQUENCE = 2  # trouble that another process caused, or that the engine survived
    DIED = 3  # somebody noticed that a process was gone
    SYMPTOM = 4  # words of another program that end a start
    LIKELY = 5  # an exception that was logged
    ROOT = 6  # an exception that ended a process, a refused command line


@dataclass(frozen=True, slots=True)
class _Find:
    worth: _Worth
    at: int
    message: str
    lines: tuple[str, ...]
    context: str = ""  # further text that may tell what to do


_POINTER = re.compile(
    r"see root cause above|see stack trace (?:\(above\) )?for (?:the )?root cause|EngineDeadError"
    r"|Executor failed\.?$|initialization failed due to an exception in a background process"
    r"|EngineCore (?:encountered an issue|died)|Engine (?:process|core) (?:failed|is dead)"
    r"|process \S+ died|died with exit code|unhandled errors in a TaskGroup|RayTaskError\("
    r"|^(?:CancelledError|BrokenPipeError|EOFError)\b",
    re.IGNORECASE,
)
_CONSEQUENCE = re.compile(
    r"Connection (?:closed by peer|reset by peer|refused)|Broken pipe|remote process exited"
    r"|nccl(?:Remote|System|Internal)Error|ncclUnhandledCudaError|unhandled system error"
    r"|CalledProcessError|returned non-zero exit status|ActorDiedError|RayActorError"
    r"|WorkerCrashedError|RPC call to \w+ timed out",
    re.IGNORECASE,
)
_TOLD_TO_END = re.compile(r"(?:KeyboardInterrupt|SystemExit|GeneratorExit)\b")
# Titles of records about one request or an optional part: the engine goes on after them.
_SURVIVED = re.compile(
    r"plugin|preprocess|ASGI application|Error with model|(?:handling|processing|in) request"
    r"|creat(?:e|ing) (?:chat )?completion|Task exception|Future exception|Exception in thread"
    r"|Exception ignored|Logging error|Failed to import|retrying|Error parsing config",
    re.IGNORECASE,
)
_ENDED_A_PROCESS = re.compile(r"failed to start|fatal error|hit an exception|^Process \S+:$", re.IGNORECASE)
_USAGE = re.compile(r"[\w./ -]{1,80}: error: (.+)", re.DOTALL)
_DIED = re.compile(
    r"(?:died|exited|failed|terminated) unexpectedly"
    r"|^(?:\S+: )*(?:line \d+: )?(?:\s*\d+ )?"
    r"(?:Killed|Segmentation fault|Bus error|Aborted|Illegal instruction)\b"
)
_SYMPTOM = re.compile(
    r"NCCL (?:WARN|ERROR)\b(?!.*NET/Plugin)"
    r"|ibv_\w+ failed|IB device \S+ not found|Watchdog caught collective operation timeout"
    r"|Unable to find address for:|No available node types can fulfill"
    r"|Tensor parallel size \(\d+\) exceeds available GPUs"
    r"|\bfatal(?: error)?\s*:|Fatal Python error|terminate called"
    r"|command not found|: not found$|[Nn]o such file or directory$|exec format error"
    r"|error while loading shared libraries|nvidia-cuda-mps-control"
    r"|requires sm\w+|not supported on SM|no kernel image is available"
    r"|CUDA error|[Oo]ut of memory|NV_ERR_NO_MEMORY|No space left on device|\[Errno \d+\]"
    r"|Error response from daemon|permission denied while trying to connect"
    r"|[Aa]ddress already in use|: Permission denied$|Driver/library version mismatch"
)
_GOES_ON = re.compile(r":$|^terminate called|error: argument ")  # the next lines have the rest
_REST = 4  # lines
_ASKED = re.compile(r"API server: shutdown triggered|received signal SIG(?:TERM|INT)")
_UP = re.compile(r"Application startup complete")


def first_cause(lines: Iterable[str]) -> Cause | None:
    """Return the root of a failed start, or of a death while serving; None if the log tells none.

    Of a log that reached "Application startup complete" what came after it counts. Warnings are
    never a cause, nor is what a stop prints that somebody had asked for.
    """
    log = clean_all(lines)
    ups = [at for at, line in enumerate(log) if _UP.search(line.text)]
    best = _best(_unasked(log[ups[-1] + 1 :] if ups else log))
    if best is None:
        return None
    if ups and best.worth <= _Worth.POINTER:  # it died while the API server was still starting
        above = _best(log[: ups[-1]])
        best = above if above and above.worth >= _Worth.DIED else best
    failure, hint = recognise(best.message, FAILURES)
    if not hint:
        failure, hint = recognise(best.context, FAILURES)
    return Cause(best.message, hint, best.lines[-_EVIDENCE:], failure, best.worth >= _Worth.SYMPTOM)


def _unasked(log: Sequence[Line]) -> Sequence[Line]:
    asked = (at for at, line in enumerate(log) if line.is_remark and _ASKED.search(line.text))
    return log[: next(asked, len(log))]


def _best(log: Sequence[Line]) -> _Find | None:
    finds = (*_from_exceptions(log), *_from_lines(log))
    return max(finds, key=lambda find: (find.worth, -find.at), default=None)


def _from_exceptions(log: Sequence[Line]) -> Iterator[_Find]:
    for exception in raised(log):
        # The last of a chain is the one written for people, unless it only points at the others.
        texts = [condense(text) for text in (*exception.chain, exception.text)]
        best = next((text for text in reversed(texts) if not _POINTER.search(text)), texts[-1])
        if _TOLD_TO_END.match(best) or exception.is_remark:
            continue
        said = best if texts[0] in best else f"{best} (after {texts[0]})"
        yield _Find(_worth(exception, best), exception.at, said, exception.lines, " ".join(texts))


def _worth(exception: Raised, text: str) -> _Worth:
    if _POINTER.search(text):
        return _Worth.POINTER
    if _SURVIVED.search(exception.title) or _CONSEQUENCE.search(text):
        return _Worth.CONSEQUENCE
    if exception.level and not _ENDED_A_PROCESS.search(exception.title):
        return _Worth.LIKELY
    return _Worth.ROOT


def _from_lines(log: Sequence[Line]) -> Iterator[_Find]:
    for at, line in enumerate(log):
        worth = _line_worth(line)
        rest = log[at + 1 : at + 1 + _REST]
        if worth is None or (rest and is_traceback(rest[0].text)):
            continue
        lines = [line.text]
        if _GOES_ON.search(line.text):
            lines += [more.text for more in itertools.takewhile(lambda more: not more.level, rest)]
        text = "\n".join(lines)
        if usage := _USAGE.match(text):
            text = usage[1]
        yield _Find(worth, at, condense(text), tuple(lines))


def _line_worth(line: Line) -> _Worth | None:
    """Return what a line is worth that is no part of a traceback."""
    if _DIED.search(line.text):  # a mere warning in some versions
        return _Worth.DIED
    if line.is_remark or line.text.startswith(" ") or is_raised(line.text):
        return None
    if not line.level and _USAGE.match(line.text):
        return _Worth.ROOT
    if _SYMPTOM.search(line.text):
        return _Worth.SYMPTOM
    if line.level and not _SURVIVED.search(line.text):
        return _Worth.ERROR
    return None
