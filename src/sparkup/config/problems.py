"""Collecting what is wrong with what was typed, and the checks that several parts of it share."""

import difflib
from collections.abc import Sequence

from sparkup.errors import Problem


class Problems(list[Problem]):
    """Collects what is wrong, so that all of it is said at once."""

    def add(self, message: str, hint: str = "", code: str = "bad-option") -> None:
        """Note one problem."""
        self.append(Problem(code, message, hint=hint))


def number(text: str | None, option: str, problems: Problems) -> int | None:
    """Return a whole number above 0; None for none, and for what is noted as a problem."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        problems.add(f"{option} {text!r} is no number above 0", f"give a whole number, as in {option} 4")
        return None
    return int(text)


def closest(word: str, known: Sequence[str]) -> str:
    """Return a hint with the known word that is most like one, "" if none is."""
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]}?" if close else ""
