"""The exceptions of a log: tracebacks of several processes, interleaved, chained, raw or logged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sparkup.facts.engine_line import REMARKS, Line

_TRACEBACK = re.compile(r"Traceback \(most recent call last\):$")
_CHAINED = re.compile(
    r"During handling of the above exception, another exception occurred:"
    r"|The above exception was the direct cause of the following exception:"
)
# The last line of a traceback: a class, perhaps of a module, perhaps with that of a remote cause.
_EXCEPTION = re.compile(r"(?:\w+\.)*[A-Za-z_]\w*(?:\([\w.]+\))?(?:: |:?$)")
# The same without a traceback: only names that say that they are one.
_BARE = re.compile(
    r"(?:\w+\.)*(?:[A-Z]\w*)?(?:Error|Exception|Exit|Interrupt|OutOfResources|NotFound|Unsupported)"
    r"(?:\([\w.]+\))?: ?\S"
)
# What traceback.py draws around the members of an exception group, and between them.
_GROUP = re.compile(r"\s+[|+] |\s+\+[-+ \d]+$")
# What another part of a process prints next: a Python warning, multiprocessing, a progress bar.
_ENDS = re.compile(r"\S+:\d+: \w*Warning: |Process \S+:$|.{0,80}: +\d+%")
# Ray puts the frames and the exception of the other process into the message.
_REMOTE = re.compile(r"(?:ray\.exceptions\.)?RayTaskError\(")
_MORE = 15  # raw lines after an exception that may belong to it


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception: its text, where it stands, and what says how grave it is.

    `chain` has the texts of those that led to it, first one first. `title` is what was printed
    before the traceback, as "EngineCore failed to start."; `level` that of its log record.
    """

    text: str
    at: int
    title: str = ""
    level: str = ""
    lines: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()

    @property
    def is_remark(self) -> bool:
        """Say whether it was logged as nothing grave."""
        return self.level in REMARKS


def is_traceback(text: str) -> bool:
    """Say whether a line begins a traceback."""
    return _TRACEBACK.search(text) is not None


def is_raised(text: str) -> bool:
    """Say whether a line is the last one of a traceback, wherever the rest of it is."""
    return _BARE.match(text) is not None


def raised(log: Sequence[Line]) -> Iterator[Raised]:
    """Yield all exceptions; those of one process in the order in which it printed them."""
    sources: dict[str, _Reader] = {}
    for at, line in enumerate(log):
        reader = sources.setdefault(line.source, _Reader())
        yield from reader.feed(at, line)
    for reader in sources.values():
        yield from reader.finish()


@dataclass(slots=True)
class _Reader:
    """Follows the lines of one process. Between "Traceback" and the exception lie the frames."""

    title: str = ""
    before: Line = field(default_factory=lambda: Line(""))
    start: Line | None = None  # the line "Traceback ..." that is open
    frame: list[str] = field(default_factory=list)  # the last frame and its source line
    text: list[str] = field(default_factory=list)
    at: int = 0
    chain: list[str] = field(default_factory=list)
    chained: bool = False

    def feed(self, at: int, line: Line) -> Iterator[Raised]:
        """Take a line; yield an exception when it turns out to be complete."""
        line = _ungrouped(line)
        if is_traceback(line.text):
            if not self.chained:
                yield from self.finish()
            self._open(line)
        elif self.text and _CHAINED.match(line.text.strip()):
            self.chained = True
        elif self.text and not self.chained and self._belongs(line):
            self.text.append(line.text)
        elif self.start is not None and not self.text:
            self._inside(at, line)
        elif line.text.strip() or not self.chained:
            yield from self.finish()
            if is_raised(line.text) and not line.is_remark:
                self.start, self.at, self.text, self.title = line, at, [line.text], ""
        self.before = line

    def finish(self) -> Iterator[Raised]:
        """Yield the exception that is open, if there is one."""
        if self.text and self.start is not None:
            prefix = f"({self.start.source}) " if self.start.source else ""
            lines = [text for text in (self.title, *self.frame, *self.text) if text.strip()]
            yield Raised(
                self._said(),
                self.at,
                self.title,
                self.start.level,
                tuple(prefix + text.strip() for text in lines),
                tuple(self.chain),
            )
        self.start, self.text, self.chain, self.chained, self.frame = None, [], [], False, []

    def _said(self) -> str:
        """Return the text of the exception; of one without text the statement that raised it."""
        text = "\n".join(self.text)
        if re.fullmatch(r"[\w.]+:?", text) and len(self.frame) == 2:
            return f"{text.rstrip(':')}: {self.frame[1].strip()}"
        return text

    def _open(self, line: Line) -> None:
        if self.chained:
            self.chain.append(self._said())
        else:
            self.title = _title(self.before, line)
        self.start, self.text, self.chained, self.frame = line, [], False, []

    def _inside(self, at: int, line: Line) -> None:
        if line.text.startswith(" ") or not line.text:
            if line.text.startswith("  File "):
                self.frame = [line.text]
            elif len(self.frame) == 1:
                self.frame.append(line.text)
        elif _EXCEPTION.match(line.text):
            self.at, self.text = at, [line.text]
        else:
            self.start = None

    def _belongs(self, line: Line) -> bool:
        """Say whether a line goes on with the message of the exception above it."""
        if self.start is None or not _same_record(line, self.start):
            return False
        if _REMOTE.match(self.text[0]):
            return False
        if line.record or line.text.startswith(" "):
            return True
        bare = not is_traceback(self.start.text)
        return not bare and not _ENDS.match(line.text) and len(self.text) <= _MORE


def _same_record(line: Line, other: Line) -> bool:
    return (line.level, line.record) == (other.level, other.record)


def _title(before: Line, line: Line) -> str:
    """Return what was said before a traceback: on its line, in its record, or as an error."""
    if same := line.text[: line.text.index("Traceback (")].strip(" :+"):
        return same
    leads = _same_record(before, line) or before.level in ("ERROR", "CRITICAL")
    return before.text if leads else ""


def _ungrouped(line: Line) -> Line:
    match = _GROUP.match(line.text)
    return Line(line.text[match.end() :], line.source, line.level, line.record) if match else line
