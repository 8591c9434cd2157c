"""The JSON schema of what `--json` prints, made from the type hints of the answers (domain/answer.py)."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from sparkup.domain.answer import Answer
from sparkup.errors import Problem

Schema = dict[str, Any]
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema() -> Schema:
    """Return one schema for all documents: each answer, and the document of an error."""
    known: dict[str, Schema] = {}
    answers = [_of(each, known) for each in get_args(Answer)]
    problems = {"type": "array", "items": _of(Problem, known)}
    known["Failure"] = _object(
        {"ok": {"const": False}, "exit_status": {"type": "integer"}, "problems": problems}
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What sparkup --json prints: an answer, or a failure",
        "anyOf": [*answers, {"$ref": "#/$defs/Failure"}],
        "$defs": dict(sorted(known.items())),
    }


def _of(hint: Any, known: dict[str, Schema]) -> Schema:  # noqa: ANN401 - a type hint may be anything
    """Return the schema of a type hint; those of dataclasses are noted in `known` and referred to."""
    if isinstance(hint, type) and is_dataclass(hint):
        if hint.__name__ not in known:
            hints = get_type_hints(hint)
            known[hint.__name__] = {}  # reserved: a class may hold itself
            properties = {field.name: _of(hints[field.name], known) for field in fields(hint)}
            known[hint.__name__] = _object(properties)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, UnionType):
        return {"anyOf": [_of(each, known) for each in get_args(hint)]}
    if get_origin(hint) is tuple:
        return _array(get_args(hint), known)
    if get_origin(hint) is Mapping:
        return {"type": "object"}
    return {"type": PLAIN[hint]}


def _array(items: tuple[Any, ...], known: dict[str, Schema]) -> Schema:
    if items[-1] is Ellipsis:
        return {"type": "array", "items": _of(items[0], known)}
    length = {"minItems": len(items), "maxItems": len(items)}
    return {"type": "array", "prefixItems": [_of(each, known) for each in items], **length}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}
