"""Commands survive a shell; secrets are shown nowhere."""

import copy
import json
import pickle
import shlex
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.domain.command import Command, Environment, Result, Secret

ARGV = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1)


@given(ARGV)
def test_a_shell_reads_a_command_back_unchanged(argv: list[str]) -> None:
    assert shlex.split(Command(tuple(argv)).shell()) == argv


def test_secrets_follow_on_standard_input_and_only_there() -> None:
    command = Command(("prog", "-x"), stdin=b"{}\n", secrets=(Secret("A", "one"), Secret("B", "two=2\n")))
    assert command.input() == b"{}\nA=one\0B=two=2\n\0"
    assert command.shell() == "prog -x"
    assert Command(("prog",)).input() == b""


@given(st.text(min_size=8))
def test_a_secret_prints_as_its_name(value: str) -> None:
    secret = Secret("HF_TOKEN", f"<<{value}>>")
    environment = Environment({"A": "b"}, (secret,))
    command = Command(("prog",), secrets=(secret,))
    shown = f"{secret} {secret!r} {secret!s:>30} {environment} {command} {[secret]}"
    assert f"<<{value}>>" not in shown
    assert shown.count("<secret HF_TOKEN>") == 6
    assert secret.reveal() == f"<<{value}>>"


def test_a_secret_is_not_taken_apart_with_what_holds_it() -> None:
    command = Command(("prog",), secrets=(Secret("A", "hidden"),))
    assert "hidden" not in json.dumps(asdict(command), default=str)
    assert copy.deepcopy(command) == command
    with pytest.raises(TypeError, match="never written down"):
        pickle.dumps(command)


def test_a_secret_is_its_name_and_its_value() -> None:
    assert Secret("A", "x") == Secret("A", "x") != Secret("A", "y")
    assert len({Secret("A", "x"), Secret("A", "x"), Secret("B", "x")}) == 2


def test_an_environment_lists_its_names_secret_ones_last() -> None:
    environment = Environment({"B": "1", "A": "2"}, (Secret("C", "3"),))
    assert environment.names() == ("B", "A", "C")
    assert Environment().names() == ()


def test_a_result_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(asdict(Result(-9, "out", "err", 1.5)))) == {
        "status": -9,
        "stdout": "out",
        "stderr": "err",
        "seconds": 1.5,
    }
