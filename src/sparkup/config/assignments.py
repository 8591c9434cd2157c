"""Plain assignments of a shell file, read as bash would read them; nothing of the file is ever executed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

EXPORT = re.compile(r"export[ \t]+")
NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
# Between commands: comments too, which begin where a word could.
BLANK = re.compile(r"(?:[ \t\n]|\\\n|(?<![^ \t\n;])#[^\n]*)+")
GAP = re.compile(r"(?:[ \t]|\\\n)+")
END = re.compile(r"[ \t]*(?:;|(?=\n)|\Z|(?<=[ \t])(?=#))")
# One part of a value; parts that touch are one word.
PART = re.compile(
    r"""'(?P<single>[^']*)'
    |"(?P<double>(?:[^"\\$`]|\\[\s\S])*)"
    |(?P<bare>(?:[^\s'"\\$`;&|<>()~]|(?<![=:])~|\\[\s\S])+)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """NAME=VALUE in a line of a file, the value without its quotes."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Odd:
    """A line that is no plain assignment."""

    text: str
    line: int


def assignments(text: str) -> Iterator[Assignment | Odd]:
    """Yield the assignments of a text in their order, and each line that is something else.

    A value may span lines within quotes. What a shell would replace ($HOME, `date`, ~) is no plain value.
    """
    text, place = text.replace("\r\n", "\n"), 0
    while place < len(text):
        if found := BLANK.match(text, place):
            place = found.end()
            continue
        read = _command(text, place)
        if read is None:
            stop = text.find("\n", place)
            stop = len(text) if stop < 0 else stop
            yield Odd(text[place:stop].rstrip(), _line(text, place))
            place = stop
        else:
            yield from read[0]
            place = read[1]


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _command(text: str, place: int) -> tuple[list[Assignment], int] | None:
    """Return the assignments of one command, and where it ends; None for a command that is anything else."""
    found: list[Assignment] = []
    if export := EXPORT.match(text, place):
        place = export.end()
    while True:
        name = NAME.match(text, place)
        if name is None:
            return None
        value, end = _value(text, name.end())
        found.append(Assignment(name[1], value, _line(text, place)))
        if stop := END.match(text, end):
            return found, stop.end()
        gap = GAP.match(text, end)
        if gap is None:
            return None
        place = gap.end()


def _value(text: str, place: int) -> tuple[str, int]:
    """Return as much of a value as is plain, and where that ends."""
    parts = []
    while found := PART.match(text, place):
        parts.append(_unquoted(found))
        place = found.end()
    return "".join(parts), place


def _unquoted(part: re.Match[str]) -> str:
    if part["single"] is not None:
        return part["single"]
    if part["double"] is not None:
        return re.sub(r'\\([$`"\\])|\\\n', r"\1", part["double"])
    return re.sub(r"\\\n|\\([\s\S])", r"\1", part["bare"])
