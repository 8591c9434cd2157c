"""`logs --timed`: the lines of a log with the times at which they were written, and their rank."""

import json
import time

from tests.node.side import Side
from tests.waiting import LONG


def told(side: Side, *words: str, status: int = 0) -> list[dict[str, object]]:
    """Return what is told of a log."""
    with side.running(side.on("logs", "a", "--timed", *words)) as process:
        assert process.stdout is not None
        text = process.stdout.read().decode()
        assert process.wait(LONG) == status
    return [json.loads(line) for line in text.splitlines()]


def test_lines_and_when_they_were_written(side: Side) -> None:
    begun = time.time()
    side.started(["sh", "-c", "printf 'one\\n\\377'; sleep 2.2; printf 'two\\nthree'"])
    side.ended()
    head, *rest = told(side)
    assert (head["rank"], head["nodes"]) == (0, None)
    assert isinstance(head["exit"], dict)
    assert head["exit"]["status"] == 0
    lines = [each for each in rest if "line" in each]
    assert [each["line"] for each in lines] == ["one", "\udcfftwo", "three"]
    assert {"live": True} in rest
    times = [float(str(each["at"])) for each in lines]
    assert times == sorted(times)
    assert begun - 1 < times[0] < begun + 1.9
    assert times[2] - times[0] > 1.5
    assert times[2] < time.time()


def test_only_of_the_attempt_that_is_meant(side: Side) -> None:
    side.started(["seq", "3"])
    side.ended()
    attempt = str(told(side)[0]["attempt"])
    assert [
        each["line"] for each in told(side, "--attempt", attempt, "--tail", "1")[1:] if "line" in each
    ] == ["3"]
    assert told(side, "--attempt", "other", status=69) == []
    side.stop()
    assert [each.get("line") for each in told(side, "--attempt", attempt)[1:4]] == ["1", "2", "3"]
    assert told(side, "--attempt", attempt, "--follow")[0]["attempt"] == attempt


def test_what_comes_later_is_told_as_it_comes(side: Side) -> None:
    side.started(["sh", "-c", "echo one; sleep 1; echo two; sleep 0.3"])
    rest = told(side, "--follow")[1:]
    assert [each.get("line", "live") for each in rest if "line" in each] == ["one", "two"]
    assert [each for each in rest if "live" in each] == [{"live": True}]
