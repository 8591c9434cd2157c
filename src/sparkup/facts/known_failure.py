"""Known failures: words that a log says of one → its id and what to do about it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that owners have met. `id` is its number in the list of known failures, if it has one.

    `advice` is one sentence, or makes one from the words that matched.
    """

    id: str
    pattern: re.Pattern[str]
    advice: str | Callable[[re.Match[str]], str]

    def hint(self, text: str) -> str | None:
        """Return the advice if a text tells of this failure."""
        match = self.pattern.search(text)
        if match is None:
            return None
        return self.advice if isinstance(self.advice, str) else self.advice(match)


def known(number: str, pattern: str, advice: str | Callable[[re.Match[str]], str]) -> Failure:
    """Return a row of a table of failures."""
    return Failure(number, re.compile(pattern), advice)


def recognise(text: str, failures: Iterable[Failure]) -> tuple[str, str]:
    """Return id and advice of the first failure that a text tells of; ("", "") if none does."""
    for failure in failures:
        if (hint := failure.hint(text)) is not None:
            return failure.id, hint
    return "", ""
