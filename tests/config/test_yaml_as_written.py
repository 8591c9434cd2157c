"""YAML that is written is read as it was, whatever characters are in it."""

import io

import pytest

from sparkup.config.yaml_as_written import yaml_as_written
from sparkup.config.yaml_tree import parse


@pytest.mark.parametrize(
    "text", ["\x85", "a\x85b", "'\x85", '"\x85\\', "a\x85\nb", "\u2028", "\u2029", "\ufeffa"]
)
def test_texts_with_ends_of_lines_of_other_kinds(text: str) -> None:
    out = io.StringIO()
    yaml_as_written().dump({"A": text}, out)
    assert parse(out.getvalue(), "f", "bad-inventory").value == {"A": text}
