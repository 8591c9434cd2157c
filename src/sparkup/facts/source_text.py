"""The text that a program or file of a host printed, before a parser reads it; and what reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# Control sequences of ECMA-48: many programs colour what they print.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Source:
    """A source of facts: what reads its text, and `expected`: what that text is, in words for people.

    `parse` returns a frozen dataclass or a tuple of them; docs/facts.schema.json is made from its return
    type. For text of another kind it returns None. Where a source prints nothing because there is nothing
    (ibdev2netdev without a network card), it reads the empty text as that: (). What is not known is None
    in it: never 0, never "".
    """

    parse: Callable[[str], object]
    expected: str


def plain(text: str) -> str:
    """Return text as its source meant it: without colours, byte order mark and the line ends of Windows."""
    return _ANSI.sub("", text).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
