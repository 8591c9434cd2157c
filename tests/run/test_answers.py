"""No answer of a host, whatever it is, is more than a fact that cannot be read."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkup.domain.fact import SHAPES, Fact
from sparkup.domain.host import LOCAL
from sparkup.domain.launch import LaunchRequest
from sparkup.facts.gpus import GPU
from sparkup.facts.listeners import HOLDERS
from sparkup.facts.machine import MACHINE
from sparkup.planning.resolve import wanted
from sparkup.run.answers import AbsentError, UnreadableError, recordable, requests, value

FACTS = (*wanted(LaunchRequest(("vllm", "serve", "m", "--config", "c.yaml"), (LOCAL,))), GPU)
ODD = (
    st.none()
    | st.integers()
    | st.text(max_size=3)
    | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
)


def of_shape(shape: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - as SHAPES has them
    """Return what has a shape and makes no sense."""
    if not isinstance(shape, dict):
        return st.text(max_size=9) if shape is str else st.from_type(shape)
    if ... in shape:
        return st.dictionaries(st.text(max_size=9), of_shape(shape[...]), max_size=2)
    return st.fixed_dictionaries({name: of_shape(each) for name, each in shape.items()})


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_a_host_answers_is_read_or_refused(fact: Fact[Any], data: st.DataObject) -> None:
    answers = {
        f"{fact.name}\0{name}": data.draw(ODD | of_shape(SHAPES[request.kind]))
        for name, request in fact.requests.items()
    }
    with contextlib.suppress(AbsentError, UnreadableError):
        value(fact, answers)
        recordable([fact], answers)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_question_that_was_never_asked_says_so(fact: Fact[Any]) -> None:
    if fact.unknown is not None:
        assert value(fact, {}) == fact.unknown
        return
    with pytest.raises(AbsentError, match=f"{fact.name}, .*: never asked"):
        value(fact, {})


def test_all_that_an_offline_plan_wants_is_recorded() -> None:
    assert [fact.name for fact in FACTS if fact.recorded is None] == ["containers"]


def test_what_could_not_be_had_is_not_recorded() -> None:
    answers: dict[str, Any] = {name: {"error": "no"} for name in requests([MACHINE, HOLDERS])}
    assert recordable([MACHINE, HOLDERS], answers) == {}
    assert value(HOLDERS, answers) == {}
