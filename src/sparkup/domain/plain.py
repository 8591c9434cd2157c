"""A value as what JSON has: objects, arrays, texts, numbers, null."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from typing import Any


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return dataclasses as objects, tuples as arrays, sets as sorted arrays, and the rest as its text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None  # JSON has neither infinity nor NaN
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, Iterable):
        items = [plain(each) for each in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    return str(value)
