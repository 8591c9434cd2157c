"""What time it is, as this machine told it."""

from tests.fixtures.recorded import answers

from sparkup.facts.clock import CLOCK, UNKNOWN


def test_seconds_after_the_epoch() -> None:
    assert 1.7e9 < CLOCK.parse(answers("clock", "vm")) < 2e9


def test_a_host_that_does_not_say() -> None:
    assert CLOCK.parse({"date": {"out": ""}}) == UNKNOWN
