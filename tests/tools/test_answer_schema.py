"""The JSON schema of answers, held against answers."""

import dataclasses
from collections.abc import Mapping

import pytest
from tools.answer_schema import Schema, schema

from sparkup.domain.answer import Answer, Environments, Launched, Stopped, StopReport
from sparkup.domain.event import Ready

READY = Ready("vllm_node", "http://127.0.0.1:8000", 50.0, (("python", 16.0), ("up", 0.1)), 32768, 64.0)
ANSWERS: list[Answer] = [
    Launched("vllm_node", "ab", "host", ("local",), ("vllm",), "http://127.0.0.1:8000", 8000, "log", READY),
    Launched("job", "ab", "host", ("local",), ("sleep",), "", None, "log"),
    Stopped((StopReport("vllm_node", "local", 4, 8000, port_free=True, memory=None, seconds=1.0),)),
    Environments((), "none"),
]
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def fits(value: object, wanted: Schema, known: Schema) -> bool:
    """Hold a value against the part of JSON schema that we use."""
    if "$ref" in wanted:
        return fits(value, known[wanted["$ref"].rpartition("/")[2]], known)
    if "anyOf" in wanted:
        return any(fits(value, each, known) for each in wanted["anyOf"])
    if wanted["type"] == "array":
        return isinstance(value, tuple) and array_fits(value, wanted, known)
    if wanted["type"] == "object":
        return isinstance(value, dict) and object_fits(value, wanted, known)
    return isinstance(value, TYPES[wanted["type"]])


def array_fits(value: tuple[object, ...], wanted: Schema, known: Schema) -> bool:
    items = wanted.get("prefixItems") or [wanted["items"]] * len(value)
    return len(items) == len(value) and all(
        fits(each, item, known) for each, item in zip(value, items, strict=True)
    )


def object_fits(value: Mapping[str, object], wanted: Schema, known: Schema) -> bool:
    parts = wanted.get("properties", {})
    return set(wanted.get("required", ())) <= set(value) and all(
        fits(value[name], part, known) for name, part in parts.items()
    )


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_answers_fit(answer: Answer) -> None:
    known = schema()["$defs"]
    assert fits(dataclasses.asdict(answer), {"$ref": f"#/$defs/{type(answer).__name__}"}, known)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("port", "8000"),
        ("argv", ("vllm", 1)),
        ("ready", {"name": "vllm_node"}),
        ("ready", {**dataclasses.asdict(READY), "stages": (("up",),)}),
    ],
)
def test_what_is_no_answer_does_not_fit(name: str, wrong: object) -> None:
    known, right = schema()["$defs"], dataclasses.asdict(ANSWERS[0])
    assert not fits({**right, name: wrong}, {"$ref": "#/$defs/Launched"}, known)
    assert not fits({key: right[key] for key in right if key != name}, {"$ref": "#/$defs/Launched"}, known)
