"""Tells which log lines of a start are news, and which an engine that stands still prints as well."""

import re
from collections.abc import Iterator

from sparkup.facts.engine_line import clean

KEPT = 4096  # lines and bars that are remembered: a start prints some hundreds
_LONGEST = 500  # characters of a line that are looked at
_ASKED = re.compile(r'"[A-Z]{3,7} \S+ HTTP/\d')  # of an access log: our own looks are in it
_NUMBER = r"\d+(?:[.,:]\d+)*"
# What differs from one printing of a line to the next: ids, addresses, then any number.
_PASSING = re.compile(r"\b(?:0x)?(?=[a-f-]*\d)[0-9a-f-]{6,}\b|" + _NUMBER, re.IGNORECASE)
# The label of a bar keeps the numbers in a name ("model-00002-of-00005.safetensors").
_PASSING_WORD = re.compile(r"(?<!\S)\W*" + _NUMBER + r"[a-z]{0,2}\W*(?!\S)", re.IGNORECASE)
_AMOUNT = r"(\d{1,12}(?:\.\d{1,9})?)([kKMGT]?)(?:i?B|it)?"
# 12/67 and 2.25G/4.97G of a bar, no dates; 12.3MB [00:10 of a bar that does not know its end; 45%.
_DONE = re.compile(rf"(?<![\w/.]){_AMOUNT}/{_AMOUNT}(?![\w/.])")
_ENDLESS = re.compile(rf"(?<![\w/.]){_AMOUNT} \[\d+:\d\d")
_PERCENT = re.compile(r"(?<![\w/.])(\d{1,3}(?:\.\d{1,9})?)()\s?%")
_SCALE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


class Progress:
    """Remembers what a start has printed, as much of it as there is room for."""

    def __init__(self) -> None:
        """Begin before the first line."""
        self.seen: dict[str, float] = {}  # the shape of a line, or the label of a bar: how far it got

    def is_made_by(self, line: str) -> bool:
        """Say whether a line is of a kind that was not there before, or shows a bar that has grown."""
        news = [self._is_news(part.text[:_LONGEST]) for part in clean(line)]  # all of them: all are seen now
        return any(news)

    def _is_news(self, text: str) -> bool:
        if _ASKED.search(text):
            return False
        new = self._grows(_PASSING.sub("#", text), 0.0)
        grown = [self._grows(label, amount) for label, amount in _bars(text)]
        return new or any(grown)

    def _grows(self, key: str, amount: float) -> bool:
        before = self.seen.pop(key, -1.0)
        self.seen[key] = max(before, amount)  # the last used is the last to be forgotten
        if len(self.seen) > KEPT:
            del self.seen[next(iter(self.seen))]
        return amount > before


def _bars(text: str) -> Iterator[tuple[str, float]]:
    """Yield label and amount of a bar: numbers that grow elsewhere may be mere clocks."""
    if match := _DONE.search(text):
        done, everything = _amount(match[1], match[2]), _amount(match[3], match[4])
        if done > everything:
            return
    elif match := _ENDLESS.search(text) or _PERCENT.search(text):
        done = _amount(match[1], match[2])
    else:
        return
    before = text[: match.start()].partition("%")[0]
    yield "bar " + _PASSING_WORD.sub(" #", before), done


def _amount(number: str, unit: str) -> float:
    return float(number) * _SCALE[unit]
