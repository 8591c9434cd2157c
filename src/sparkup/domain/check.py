"""A check before a launch: what it must know of the hosts, and a pure verdict; and what it found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from sparkup.domain.fact import Fact

Level = Literal["fail", "unknown", "warn", "note"]  # `unknown`: it could not be checked
LEVELS: tuple[Level, ...] = ("fail", "unknown", "warn", "note")  # the gravest first
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the owner of hosts should know; `fail` forbids the launch. That all is well is none."""

    level: Level
    code: str  # of the check, as in docs
    message: str
    where: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """One check of what is to be launched, a T. `needs`: the facts of each host that its verdict reads.

    `refuses` is the code of errors.py that a `fail` of it is told by.
    """

    id: str
    needs: tuple[Fact[Any], ...]
    verdict: Callable[[T], Iterable[Finding]]
    refuses: str
