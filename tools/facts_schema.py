"""The JSON schema of facts, made from the type hints of their parsers: docs/facts.schema.json."""

from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from tools.answer_schema import Schema, definitions, of_hint

from sparkup.actions.facts import SHOWN
from sparkup.facts.parsers import SOURCES


def schema() -> Schema:
    """Return one schema: `facts parse NAME` prints parse/NAME, `facts --json` has facts/NAME of each host."""
    known: dict[str, Schema] = {}
    parse = {name: of_hint(_returned(source.parse), known) for name, source in sorted(SOURCES.items())}
    facts = {name: of_hint(_returned(fact.parse), known) for name, fact in SHOWN.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What sparkup reads: `facts parse NAME` prints #/properties/parse/properties/NAME,"
        " `facts --json` has #/properties/facts/properties/NAME of each host. Unknown is null.",
        "type": "object",
        "properties": {
            "parse": {"type": "object", "properties": parse},
            "facts": {"type": "object", "properties": facts},
        },
        "$defs": definitions(known),
    }


def _returned(parse: Any) -> Any:  # noqa: ANN401 - a function and a type hint
    """Return what a parser returns, but None, which is said of text that is another tool's."""
    hint = get_type_hints(parse)["return"]
    if not isinstance(hint, UnionType):
        return hint
    return reduce(or_, (each for each in get_args(hint) if each is not NoneType))
