"""What a host calls itself."""

import pytest
from tests.fixtures.recorded import answers

from sparkup.facts.hostname import NAME, parse


def test_a_name() -> None:
    assert parse(answers("hostname", "spark1")) == "spark1"


@pytest.mark.parametrize(("text", "name"), [("spark1.example.org\n", "spark1"), ("", "")])
def test_a_domain_is_no_part_of_it(text: str, name: str) -> None:
    assert parse({"name": {"files": {NAME: text}}}) == name
    assert parse({"name": {"files": {}}}) == ""
