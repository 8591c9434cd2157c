"""Values as what JSON has."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Interface
from pathlib import PurePosixPath

import pytest

from sparkup.domain.plain import plain


class Kind(Enum):
    """An enumeration."""

    ONE = "one"


@dataclass(frozen=True)
class Thing:
    """A dataclass with a tuple of its own kind."""

    name: str
    parts: tuple["Thing", ...] = ()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (float("inf"), None),
        (float("nan"), None),
        (Kind.ONE, "one"),
        (PurePosixPath("/a/b"), "/a/b"),
        (IPv4Interface("10.0.0.1/24"), "10.0.0.1/24"),
        (frozenset({"b", "a"}), ["a", "b"]),
        (Thing("a", (Thing("b"),)), {"name": "a", "parts": [{"name": "b", "parts": []}]}),
        ({1: (2, Kind.ONE)}, {"1": [2, "one"]}),
    ],
)
def test_plain(value: object, wanted: object) -> None:
    assert plain(value) == wanted
