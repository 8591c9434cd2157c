"""The picture that changes in place: on a real terminal, and on what is none."""

import io

from rich.console import Console
from tests.report.examples import LAUNCHED, START
from tests.report.terminals import on_a_terminal

from sparkup.domain.event import Answered, Failed, PhaseFinished, PhaseStarted, Printed, StageChanged
from sparkup.report.live import Live

DRAW = """
import sys
from sparkup.domain.event import Answered, PhaseFinished
from sparkup.report.live import Live
from tests.report.examples import LAUNCHED, START
live = Live(sys.stderr)
for event in START:
    live.on(event)
live.live.refresh()
live.on(PhaseFinished("Wait until ready", 53.9))
live.on(Answered(LAUNCHED))
sys.stderr.write("AFTER\\n")
"""


def picture(live: Live) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=100).print(live.picture())
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_on_a_terminal_it_draws_and_leaves_what_is_done() -> None:
    shown = on_a_terminal(DRAW)
    assert "Wait until ready" in shown
    assert "weights" in shown
    assert "██████░░" in shown
    assert "\x1b[?25l" in shown  # the cursor is hidden
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # and shown again
    left = shown[shown.rindex("Look at the host") :]
    assert "53.9 s" in left
    assert "░" not in left
    assert left.endswith("AFTER\r\n")


def test_without_colours_there_are_none() -> None:
    shown = on_a_terminal(DRAW, NO_COLOR="1")
    assert "\x1b[32m" not in shown
    assert "\x1b[32m" in on_a_terminal(DRAW)
    assert "Wait until ready" in shown


def test_on_a_dumb_terminal_nothing_moves() -> None:
    shown = on_a_terminal(DRAW, TERM="dumb")
    assert "\x1b" not in shown
    assert "✓ Start  1.5 s" in shown


def test_the_log_of_an_engine_cannot_steer_the_terminal() -> None:
    shown = on_a_terminal(DRAW)
    assert "\x1b]0;title" not in shown
    assert "\x1b[31m" not in shown
    assert "red" in shown


def test_what_is_no_terminal_gets_plain_text() -> None:
    out = io.StringIO()
    live = Live(out)
    for event in START:
        live.on(event)
    live.close()
    live.close()  # once is enough
    text = out.getvalue()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "✓ Start  1.5 s\n" in text
    assert "  environment cpu\n" in text


def test_the_picture_of_a_start() -> None:
    live = Live(io.StringIO())
    for event in START:
        live.on(event)
    lines = picture(live)
    live.close()
    assert lines[0] == "✓ Look at the host  0.2 s"
    assert lines[1] == "✓ Start  1.5 s"
    assert lines[2:4] == ["  environment cpu", "  warning: something is odd"]
    assert lines[4].endswith(" Wait until ready  0 s")
    assert lines[5] == "  python > weights"
    assert lines[6] == f"  weights {'█' * 6}{'░' * 18} 25%  1/4"
    assert lines[7] == "  INFO red  and  back"
    assert len(lines) == 8


def test_a_phase_without_stages_is_its_title() -> None:
    live = Live(io.StringIO())
    live.on(PhaseStarted("Stop"))
    (line,) = picture(live)
    live.close()
    assert line.endswith(" Stop  0 s")


def test_a_stage_of_unknown_length_has_no_bar() -> None:
    live = Live(io.StringIO())
    for event in (*START, StageChanged("local", 0, "compile", "Dynamo")):
        live.on(event)
    assert "  compile  Dynamo" in picture(live)
    live.close()


def test_between_phases_only_what_is_done_is_shown() -> None:
    live = Live(io.StringIO())
    for event in (*START, PhaseFinished("Wait until ready", 53.9)):
        live.on(event)
    assert picture(live)[-1] == "  warning: something is odd"
    live.close()


def test_it_steps_aside_for_the_answer() -> None:
    for last in (Answered(LAUNCHED), Printed(b"line"), Failed(())):
        live = Live(io.StringIO())
        live.on(last)
        assert live.live is None
        live.on(Printed(b"more"))


ASK = """
import sys, time
from sparkup.domain.event import Asked, Noted
from sparkup.report.live import Live
from tests.report.examples import START
live = Live(sys.stderr)
for event in START:
    live.on(event)
live.on(Asked("Trust it?"))
sys.stderr.write("BEGIN")
time.sleep(0.5)
sys.stderr.write("END")
live.on(Noted("trusted"))
live.live.refresh()
live.close()
"""


def test_it_is_still_while_somebody_is_asked() -> None:
    shown = on_a_terminal(ASK)
    assert "BEGINEND" in shown
    assert "Wait until ready" in shown.partition("END")[2]
