"""The view: what events make of it."""

from functools import reduce as fold

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.examples import START

from sparkup.domain.event import (
    Event,
    LogLine,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Printed,
    StageChanged,
    StepOutput,
)
from sparkup.report.view import PhaseView, StageView, View, printable, reduce


def view(*events: Event) -> View:
    return fold(reduce, events, View())


def test_a_whole_start() -> None:
    found = view(*START)
    assert found.phases == (
        PhaseView("Look at the host", 0.2),
        PhaseView("Start", 1.5),
        PhaseView("Wait until ready"),
    )
    assert found.stages == (StageView("local", 0, "weights", "1/4", 0.25),)
    assert found.passed == ("python", "weights")
    assert found.notes == ("environment cpu", "warning: something is odd")
    assert len(found.tail) == 1


def test_only_the_last_lines_are_kept_and_none_from_phase_to_phase() -> None:
    lines = [LogLine("h", 0, str(number)) for number in range(5)]
    assert view(*lines).tail == ("2", "3", "4")
    assert view(*lines, StepOutput("a", "h", "x")).tail == ("3", "4", "x")
    assert view(*lines, PhaseStarted("next")).tail == ()
    assert view(PhaseStarted("a"), *lines, PhaseFinished("a", 1.0)).tail == ()


def test_stages_belong_to_their_phase() -> None:
    found = view(*START, PhaseFinished("Wait until ready", 9.0), PhaseStarted("Ask it"))
    assert (found.stages, found.passed) == ((), ())
    assert found.notes == ("environment cpu", "warning: something is odd")


def test_each_rank_has_its_own_stage_and_the_head_tells_what_is_passed() -> None:
    found = view(
        StageChanged("h", 0, "weights"),
        StageChanged("i", 1, "compile"),
        StageChanged("h", 0, "weights", "4/4", 1.0),
        StageChanged("h", 0, "graphs"),
    )
    assert {(stage.host, stage.name) for stage in found.stages} == {("h", "graphs"), ("i", "compile")}
    assert found.passed == ("weights", "graphs")


def test_events_that_a_display_does_not_show() -> None:
    assert view(Printed(b"line")) == View()
    assert view(Noted("a")).notes == ("a",)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain ☃ text", "plain ☃ text"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://h\x1b\\link", "link"),
        ("\x1bMup", "up"),
        ("a\tb\rc\x08\x00\x9b1A", "a b c   1A"),
        ("at the end \x1b", "at the end "),
    ],
)
def test_a_line_of_a_program_cannot_steer_our_terminal(line: str, shown: str) -> None:
    assert printable(line) == shown


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\x1b[]0;mJ\x07\r\n")))
def test_whatever_a_program_prints_is_printable(line: str) -> None:
    assert all(char.isprintable() for char in printable(line))
