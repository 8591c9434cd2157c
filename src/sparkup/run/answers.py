"""From what a host answered to what facts make of it: no fact ever reads what it had not asked for."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sparkup.domain.fact import SHAPES, Answers, Fact, fits

T = TypeVar("T")
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)  # in odd answers


class AbsentError(Exception):
    """There is no answer to a question, and nothing can be decided without it."""


class UnreadableError(Exception):
    """An answer is not what was asked for."""


def requests(facts: Iterable[Fact[Any]]) -> dict[str, dict[str, Any]]:
    """Return the questions of facts, named so that all of them can be asked at once."""
    return {
        _key(fact, name): {"kind": request.kind, **request.body}
        for fact in facts
        for name, request in fact.requests.items()
    }


def value(fact: Fact[T], answers: Answers) -> T:
    """Return what a fact makes of its answers. Raises AbsentError or UnreadableError, in words for people."""
    own = {}
    for name, request in fact.requests.items():
        answer = answers.get(_key(fact, name), {"error": "never asked"})
        if (why := _absence(answer)) is not None:
            if fact.unknown is not None:
                return fact.unknown
            raise AbsentError(f"{fact.name}, {name}: {why}")
        if not fits(answer, SHAPES[request.kind]):
            raise UnreadableError(f"{fact.name}, {name}: something else than was asked for")
        own[name] = answer
    try:
        return fact.parse(own)
    except UNREADABLE as error:
        raise UnreadableError(f"{fact.name}: {type(error).__name__}: {error}") from error


def recordable(facts: Iterable[Fact[Any]], answers: Answers) -> dict[str, Any]:
    """Return of readable answers what may be kept, as `value` reads it."""
    kept: dict[str, Any] = {}
    for fact in facts:
        own = {name: answers.get(_key(fact, name)) for name in fact.requests}
        if fact.recorded is not None and all(_absence(answer) is None for answer in own.values()):
            kept |= {_key(fact, name): answer for name, answer in fact.recorded(own).items()}
    return kept


def _key(fact: Fact[Any], name: str) -> str:
    return f"{fact.name}\0{name}"


def _absence(answer: object) -> str | None:
    """Return why gather.py has no answer, None if it has one; None of its answers is only an error."""
    if isinstance(answer, Mapping) and answer.keys() == {"error"}:
        return str(answer["error"])
    return None if answer is not None else "nothing"
