"""The measurements run, in their smallest form."""

import pytest

from bench import facts, follow, overhead, timing


def test_samples_are_taken_in_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def candidate(name: str, seconds: float) -> float:
        order.append(name)
        return seconds * len(order)

    samples = timing.in_turns({"a": lambda: candidate("a", 1), "b": lambda: candidate("b", 1)}, 2)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert samples["a"].times == (3, 5)
    assert samples["b"].median == 5
    assert timing.table(samples, "a")[1].split()[1] == "1.25"


def test_a_goal_that_is_missed_is_said() -> None:
    assert "MISSED" in timing.verdict("share", 0.3, 0.25)
    assert "MISSED" not in timing.verdict("share", 0.2, 0.25)


@pytest.mark.parametrize("part", [overhead, facts])
def test_a_part_reports(part: object) -> None:
    lines = part.measure(1)  # type: ignore[attr-defined]  # modules with one function of this name
    assert any(" x " in line for line in lines)


def test_no_line_of_a_log_is_lost() -> None:
    lines = follow.measure(1, megabytes=2)
    assert sum(line.endswith("every line came: True") for line in lines) == 2
