"""Progress as plain lines."""

import io

import pytest
from tests.report.examples import START

from sparkup.domain.event import (
    Event,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Printed,
    StageChanged,
    StepOutput,
    StepStarted,
    Warned,
)
from sparkup.report import plain
from sparkup.report.plain import Plain


def lines(*events: Event) -> list[str]:
    out = io.StringIO()
    display = Plain(out)
    for event in events:
        display.on(event)
    display.close()
    return out.getvalue().splitlines()


def test_a_whole_start() -> None:
    assert lines(*START) == [
        "Look at the host ...",
        "  environment cpu",
        "Start ...",
        "  install vLLM",
        "    Collecting vllm",
        "Start: done in 1.5 s",
        "Wait until ready ...",
        "  python: importing",
        "  weights 25%: 1/4",
        "warning: something is odd (look at it)",
    ]


def test_a_phase_in_which_nothing_happens_is_worth_no_line() -> None:
    quick = (PhaseStarted("Look"), StepStarted("a", "h", "quick"), PhaseFinished("Look", 0.9))
    assert lines(*quick) == []
    assert lines(*quick, PhaseStarted("Start"), Noted("here")) == ["Start ...", "  here"]


def test_a_phase_that_took_its_time_is_told_with_its_title() -> None:
    assert lines(PhaseStarted("Look"), PhaseFinished("Look", 1.0)) == ["Look ...", "Look: done in 1.0 s"]


def test_of_a_fraction_only_quarters_and_the_end_are_told_each_once() -> None:
    fractions = (0.0, 0.1, 0.24, 0.26, 0.3, 0.52, 0.9, 0.99, 1.0, 1.0, 1.0)
    events = (StageChanged("h", 0, "weights", f"{each:.2f}", each) for each in fractions)
    assert lines(*events) == [
        "  weights 0%: 0.00",
        "  weights 26%: 0.26",
        "  weights 52%: 0.52",
        "  weights 90%: 0.90",
        "  weights 100%: 1.00",
    ]


def test_bytes_that_are_read_after_the_last_shard_are_worth_no_line() -> None:
    events = (StageChanged("h", 0, "weights", f"{each} GiB read", 1.0) for each in range(9))
    assert len(lines(*events)) == 1


def test_a_stage_without_a_fraction_is_told_once() -> None:
    assert lines(StageChanged("h", 0, "engine", "a"), StageChanged("h", 0, "engine", "b")) == ["  engine: a"]
    assert lines(StageChanged("h", 0, "engine")) == ["  engine"]


def test_of_hundreds_of_lines_one_is_shown_now_and_then() -> None:
    assert len(lines(*(StepOutput("a", "h", str(number)) for number in range(300)))) == 1


TWO = tuple(StepStarted(f"start rank {number}", f"spark{number}", "start") for number in range(2))


def test_of_several_ranks_the_head_speaks_for_all() -> None:
    stages = (StageChanged(f"spark{rank}", rank, "weights", "a", 0.5) for rank in range(16))
    assert lines(*TWO, *stages) == ["  rank 0 spark0: weights 50%: a"]


def test_a_rank_that_does_not_keep_up_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(fraction: float | None, stage: str = "weights") -> StageChanged:
        return StageChanged("spark1", 1, stage, "", fraction)

    head = (StageChanged("spark0", 0, "weights", "", 1.0), StageChanged("spark0", 0, "graphs"))
    behind = (late(0.25), late(0.3), late(0.5), late(None), late(0.1, "graphs"))
    heads = ["  rank 0 spark0: weights 100%", "  rank 0 spark0: graphs"]
    assert lines(*TWO, *head, *behind) == heads  # for a while they may differ
    monkeypatch.setattr(plain, "BEHIND", -1.0)
    assert lines(*TWO, *head, *behind) == [
        *heads,
        "  rank 1 spark1: weights 25%",
        "  rank 1 spark1: weights 50%",
    ]


def test_what_is_slow_on_several_hosts_says_where() -> None:
    started = (StepStarted("a", "spark0", "quick"), StepStarted("b", "spark1", "install", slow=True))
    assert lines(*started, StepOutput("b", "spark1", "x")) == ["  spark1: install", "    spark1: x"]


def test_a_warning_without_a_hint() -> None:
    assert lines(Warned("odd")) == ["warning: odd"]


def test_what_others_show_is_left_to_them() -> None:
    assert lines(Printed(b"line")) == []
