"""Times as people write them for `logs --since`."""

from datetime import datetime

import pytest

from sparkup.cli.logs import parse_time
from sparkup.errors import InputRefused


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", -90), ("1.5m", -90), ("2h", -7200), ("1d", -86400), ("0s", -0.001)]
)
def test_an_age_is_left_to_the_clock_of_the_host(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


def test_a_date_is_of_this_machine() -> None:
    assert parse_time("2026-01-31T12:00") == datetime(2026, 1, 31, 12).astimezone().timestamp()
    assert parse_time("2026-01-31T12:00+00:00") == 1769860800
    assert parse_time("1901-01-01") == 0


@pytest.mark.parametrize("text", ["soon", "-5", "", "1w", "0001-01-01"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InputRefused, match="is no time"):
        parse_time(text)
