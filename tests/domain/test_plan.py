"""A plan is an order: what it refuses, and how it reads."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.domain.command import Command, Secret
from sparkup.domain.plan import Fold, Plan, Put, Run, Wait, document, what

SECRET = Secret("HF_TOKEN", "hf_9a8b7c6d")
RUN = Run("run", "h", Command(("echo", "a b"), secrets=(SECRET,)), "because")
PUT = Put("put", "h", b"12345", PurePosixPath("/x/y"), "it is needed", mode=0o755, after=("run",))


def no_fold() -> Fold:
    raise AssertionError("a plan starts nothing")


def wait(total: float | None) -> Wait:
    return Wait("wait", "h", Command(("watch",)), "until it is", no_fold, 90, total, after=("run", "put"))


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two steps are called run"):
        Plan((RUN, RUN))


def test_a_step_waits_only_for_steps_before_it() -> None:
    with pytest.raises(ValueError, match="put waits for \\['run'\\], not before it"):
        Plan((PUT, RUN))
    with pytest.raises(ValueError, match="not before it"):
        Plan((Run("a", "h", Command(("true",)), "", after=("a",)),))


@given(st.lists(st.tuples(st.integers(0, 9), st.sets(st.integers(0, 9))), max_size=10))
def test_whatever_plan_there_is_has_no_cycle(rows: list[tuple[int, set[int]]]) -> None:
    steps = tuple(
        Run(str(name), "h", Command(("true",)), "", after=tuple(map(str, after))) for name, after in rows
    )
    try:
        plan = Plan(steps)
    except ValueError:
        return
    done: set[str] = set()
    for step in plan.steps:
        assert set(step.after) <= done
        done.add(step.id)
    assert len(done) == len(rows)


def test_a_plan_is_true_when_there_is_something_to_do() -> None:
    assert Plan((RUN,))
    assert not Plan()
    assert not Plan((), ("a note",))


def test_what_a_step_does_in_words() -> None:
    assert what(RUN) == "run   echo 'a b' <HF_TOKEN"
    assert what(PUT) == "put   /x/y (5 bytes, mode 755)"
    assert what(wait(None)) == "wait  wait (no progress for 90 s fails)"
    assert what(wait(600.0)) == "wait  wait (no progress for 90 s fails, at most 600 s)"


def test_a_plan_as_a_document() -> None:
    assert document(Plan((RUN, PUT, wait(None)))) == [
        {
            "id": "run",
            "host": "h",
            "what": "run   echo 'a b' <HF_TOKEN",
            "argv": ["echo", "a b"],
            "reason": "because",
            "after": [],
        },
        {
            "id": "put",
            "host": "h",
            "what": "put   /x/y (5 bytes, mode 755)",
            "argv": None,
            "reason": "it is needed",
            "after": ["run"],
        },
        {
            "id": "wait",
            "host": "h",
            "what": "wait  wait (no progress for 90 s fails)",
            "argv": ["watch"],
            "reason": "until it is",
            "after": ["run", "put"],
        },
    ]


def test_a_secret_stands_in_no_form_of_a_plan() -> None:
    plan = Plan((RUN, PUT, wait(1.0)))
    shown = f"{plan!r} {document(plan)} {[what(step) for step in plan.steps]}"
    assert SECRET.reveal() not in shown
    assert "HF_TOKEN" in shown
