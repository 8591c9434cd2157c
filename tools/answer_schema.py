"""The JSON schema of what `--json` prints, made from the type hints of the answers (domain/answer.py)."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import PurePosixPath
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sparkup.domain.answer import Answer
from sparkup.errors import Problem

Schema = dict[str, Any]
PLAIN: Mapping[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    # written as text
    PurePosixPath: "string",
    IPv4Address: "string",
    IPv4Interface: "string",
    IPv4Network: "string",
}


def schema() -> Schema:
    """Return one schema for all documents: each answer, and the document of an error."""
    known: dict[str, Schema] = {}
    answers = [of_hint(each, known) for each in get_args(Answer)]
    problems = {"type": "array", "items": of_hint(Problem, known)}
    known["Failure"] = _object(
        {"ok": {"const": False}, "exit_status": {"type": "integer"}, "problems": problems}
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What sparkup --json prints: an answer, or a failure",
        "anyOf": [*answers, {"$ref": "#/$defs/Failure"}],
        "$defs": definitions(known),
    }


def definitions(known: Mapping[str, Schema]) -> Schema:
    """Return the schemas of the classes that were met, in the order of their names."""
    return {
        name: {key: value for key, value in each.items() if key != "$comment"}
        for name, each in sorted(known.items())
    }


def of_hint(hint: Any, known: dict[str, Schema]) -> Schema:  # noqa: ANN401 - a type hint may be anything
    """Return the schema of a type hint; those of dataclasses are noted in `known` and referred to."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _of_class(hint, known)
    if isinstance(hint, UnionType):
        return {"anyOf": [of_hint(each, known) for each in get_args(hint)]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [each.value for each in hint]}
    if get_origin(hint) is not None:
        return _of_generic(get_origin(hint), get_args(hint), known)
    return {"type": PLAIN[hint]}


def _of_generic(origin: Any, items: tuple[Any, ...], known: dict[str, Schema]) -> Schema:  # noqa: ANN401
    if origin is tuple:
        return _array(items, known)
    if origin is Literal:
        return {"enum": list(items)}
    if origin is frozenset:
        return {"type": "array", "items": of_hint(items[0], known)}
    if origin is Mapping:
        named = {} if items[1] is Any else {"additionalProperties": of_hint(items[1], known)}
        return {"type": "object", **named}
    raise TypeError(origin)


def _of_class(hint: type[Any], known: dict[str, Schema]) -> Schema:
    """Return a reference to a dataclass; two of one name are told apart by their modules."""
    name, source = hint.__name__, f"{hint.__module__}.{hint.__qualname__}"
    if known.get(name, {}).get("$comment", source) != source:
        name = f"{hint.__module__.rpartition('.')[2]}.{name}"
    if name not in known:
        hints = get_type_hints(hint)
        known[name] = {"$comment": source}  # reserved: a class may hold itself
        properties = {field.name: of_hint(hints[field.name], known) for field in fields(hint)}
        known[name] = {"$comment": source, **_object(properties)}
    return {"$ref": f"#/$defs/{name}"}


def _array(items: tuple[Any, ...], known: dict[str, Schema]) -> Schema:
    if items[-1] is Ellipsis:
        return {"type": "array", "items": of_hint(items[0], known)}
    length = {"minItems": len(items), "maxItems": len(items)}
    return {"type": "array", "prefixItems": [of_hint(each, known) for each in items], **length}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}
