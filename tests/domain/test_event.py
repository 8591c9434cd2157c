"""Every event is a JSON object that says what it is."""

import json
from typing import get_args

import pytest

from sparkup.domain import answer, event
from sparkup.domain.command import Environment, Secret
from sparkup.domain.event import Event, to_json
from sparkup.errors import Problem

EVENTS: list[Event] = [
    event.PhaseStarted("Start"),
    event.PhaseFinished("Start", 1.5),
    event.Planned("Start", ("run   true",)),
    event.StepStarted("a", "h", "why", slow=True),
    event.StepOutput("a", "h", "line"),
    event.StepFinished("a", "h", 1.5),
    event.StageChanged("h", 0, "weights", "4/4", 1.0),
    event.LogLine("h", 0, "line"),
    event.Warned("problem", "hint"),
    event.Noted("text"),
    event.Asked("Trust it?"),
    event.Ready("a", "http://127.0.0.1:8000", 2.0, (("weights", 1.0),), 32768, 64.0, "generate", "m"),
    event.Failed((Problem("bad-option", "wrong", "h", "hint", ("detail",)),)),
    event.Printed(b"line", 1, "spark2"),
    event.Answered(answer.Finished("a", 0, "/log")),
]


def test_there_is_an_example_of_every_event() -> None:
    assert {type(each) for each in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("each", EVENTS, ids=lambda each: type(each).__name__)
def test_an_event_as_json(each: Event) -> None:
    value = json.loads(json.dumps(to_json(each)))
    assert value.pop("event") == type(each).__name__
    assert set(value) == set(each.__slots__)


def test_no_event_reveals_a_secret_that_it_holds() -> None:
    held = event.Answered(Environment({"A": "plain"}, (Secret("HF_TOKEN", "hidden"),)))
    text = json.dumps(to_json(held), default=str)
    assert "plain" in text
    assert "HF_TOKEN" in text
    assert "hidden" not in text
