"""Lines of JSON: valid for every parser, whatever text is in them."""

import json

import pytest

from sparkup.report.json_line import json_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", "a\nb"),
        ("\U0001f600", "\U0001f600"),
        (r"\udcff", r"\udcff"),
        ("\udcff \U0001f600 \ud800", "\ufffd \U0001f600 \ufffd"),
    ],
)
def test_a_byte_that_is_no_text_is_replaced(text: str, expected: str) -> None:
    line = json_line({text: [text]})
    assert line.isascii()
    assert line.count("\n") == 1
    assert json.loads(line) == {expected: [expected]}
    json.loads(line)[expected][0].encode()
