"""The JSON schema of facts, held against what parsers make of every sample."""

from dataclasses import asdict
from typing import Any

import pytest
from tests.fixtures.recorded import FIXTURES, answers, cases, sample
from tests.tools.test_answer_schema import fits
from tools.facts_schema import schema

from sparkup.actions.facts import SHOWN
from sparkup.domain.plain import plain
from sparkup.facts.memory import parse as memory
from sparkup.facts.parsers import SOURCES, parse

SAMPLES = FIXTURES / "samples"
FILES = sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*") if path.is_file())
SCHEMA = schema()
PARTS = SCHEMA["properties"]


def tuples(value: Any) -> Any:  # noqa: ANN401
    """Return JSON with arrays as `fits` knows them."""
    if isinstance(value, dict):
        return {name: tuples(each) for name, each in value.items()}
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def test_every_source_has_a_schema() -> None:
    assert PARTS["parse"]["properties"].keys() == SOURCES.keys()


@pytest.mark.parametrize("file", FILES)
def test_what_is_read_of_a_sample_fits(file: str) -> None:
    source, _, name = file.partition("/")
    value = tuples(plain(parse(source, sample(source, name))))
    assert fits(value, PARTS["parse"]["properties"][source], SCHEMA["$defs"])


def test_a_fact_fits_and_another_does_not() -> None:
    value = asdict(memory(answers("memory", "vm")))
    assert fits(value, PARTS["facts"]["properties"]["memory"], SCHEMA["$defs"])
    assert not fits({**value, "total": None}, PARTS["facts"]["properties"]["memory"], SCHEMA["$defs"])


@pytest.mark.parametrize(("name", "case"), [(name, case) for name in SHOWN for case in cases(name)], ids=str)
def test_what_is_recorded_of_hosts_fits(name: str, case: str) -> None:
    value = tuples(plain(SHOWN[name].parse(answers(name, case))))
    assert fits(value, PARTS["facts"]["properties"][name], SCHEMA["$defs"])
