"""Text as people paste it, made into what a program printed: no colours, carriage returns or bystanders."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from sparkup.facts.source_text import plain

T = TypeVar("T")
LONGEST = 4000  # characters of a line; JSON has longer ones, and is not read by lines
# Said by others than the program: sudo, ssh, and the prompt with what was typed.
PASSWORD = re.compile(r"^\[sudo\] [^:\n]*: ?", re.MULTILINE)
BYSTANDERS = re.compile(
    r"sudo: |Warning: Permanently added |(?:Shared c|C)onnection to \S+ closed|Pseudo-terminal will not be"
    r"|\S+@\S+:\S*[$#](?: |$)|\$ \S"
)
HOST_PREFIX = re.compile(r"(?=[^\s:]*[A-Za-z.])([A-Za-z0-9_][\w.@-]*):(?: |$)(.*)")  # of pdsh, dsh and clush
UNKNOWN = re.compile(
    r"\[?(?:n/?a|not supported|unknown(?: error)?|insufficient permissions)\]?!?|-+|", re.IGNORECASE
)


def clean(text: str) -> str:
    """Return text without colours, carriage returns, trailing spaces and lines of bystanders."""
    text = PASSWORD.sub("", plain(text).replace("\xa0", " ").replace("\x00", ""))
    lines = (line.rstrip() for line in text.split("\n"))
    return _one_host("\n".join(line for line in lines if not BYSTANDERS.match(line)))


def lines(text: str) -> list[str]:
    """Return the lines of a cleaned text that are not blank, as far as programs write them."""
    return [line[:LONGEST] for line in clean(text).split("\n") if line.strip()]


def by_host(text: str) -> Mapping[str, str]:
    """Return the text of each host where all lines begin with a host's name and a colon; else all, of ""."""
    told = [line for line in text.splitlines() if line.strip()]
    rows = [HOST_PREFIX.match(line) for line in told]
    hosts: dict[str, list[str]] = {}
    for row in rows:
        if row is None:
            return {"": text}
        hosts.setdefault(row[1], []).append(row[2])
    # "FW: 28.45" is no host: hosts have more to say than one line.
    if not hosts or min(map(len, hosts.values())) < 2:
        return {"": text}
    return {host: "\n".join(own) + "\n" for host, own in hosts.items()}


def _one_host(text: str) -> str:
    hosts = by_host(text)
    return next(iter(hosts.values())) if len(hosts) == 1 else text


def judged(found: Sequence[T], told: Iterable[str], *nothing: str) -> tuple[T, ...] | None:
    """Return what was found in lines; () for no lines, or one of the words for "nothing"; else None."""
    strange = [line for line in told if not found]
    return tuple(found) if not strange or any(word in line for line in strange for word in nothing) else None


def blocks(told: Sequence[str], first: re.Pattern[str]) -> list[Sequence[str]]:
    """Return lines in blocks, each of which begins with a first line; those before are left out."""
    starts = [place for place, line in enumerate(told) if first.fullmatch(line)]
    return [told[start:end] for start, end in pairwise([*starts, len(told)])]


def fields(block: Iterable[str]) -> Mapping[str, str]:
    """Return the values of lines "Name: value" by their names in small letters: the first of each."""
    found: dict[str, str] = {}
    for line in block:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower().replace("_", " "), value.strip())
    return found


def known(word: str | None) -> str | None:
    """Return a word, None for one of those that stand for a missing value."""
    word = (word or "").strip()
    return None if UNKNOWN.fullmatch(word) else word


def integer(word: str | None) -> int | None:
    """Return the decimal or 0x number that a word begins with, None if it begins with none."""
    match = re.match(r"\s*(0[xX][0-9a-fA-F]{1,16}|[+-]?\d{1,20})(?![\d.]*\.\d|[0-9a-fA-F])", word or "")
    return int(match[1], 16 if match[1][:2] in ("0x", "0X") else 10) if match else None


def decimal(word: str | None) -> float | None:
    """Return the decimal number that a word begins with, None if it begins with none."""
    match = re.match(r"\s*([+-]?\d{1,15}(?:\.\d{1,15})?)(?!\d)", word or "")
    return float(match[1]) if match else None


def objects(text: str) -> list[dict[str, object]] | None:
    """Return the objects of the JSON list in a cleaned text that are not empty; None without such a list."""
    # The first one counts: behind half a list its items would look like documents of their own.
    start = re.search(r"""^[ \t]*(?=\[\s*[\[{"\]]|\{\s*["}])""", text, re.MULTILINE)
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start.end() if start else len(text))
    except (ValueError, RecursionError):
        return None
    items = value if isinstance(value, list) else [value]
    return [item for item in items if item] if all(isinstance(item, dict) for item in items) else None
