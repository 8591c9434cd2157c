"""Exec: a command in a launch's environment, on this terminal if there is one."""

import json
import sys

import pytest
from tests.user import User

SHOW = (
    "import json, os, sys\n"
    "print(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get('PLAIN'), sys.stdout.isatty()]))"
)


@pytest.fixture
def launched(user: User) -> User:
    """A user with a launch."""
    words = ("launch", "-d", "-e", "PLAIN=a b", "-e", "HF_TOKEN=hf_hidden", "--", "sleep", "600")
    assert user.run(*words).status == 0
    return user


def test_arguments_folder_and_environment(launched: User) -> None:
    words = ["", "a b", "--json", "--", "$HOME", "it's", "new\nline", "\u65e5\u672c"]
    done = launched.run("exec", "--", sys.executable, "-c", SHOW, *words)
    assert done.status == 0
    assert json.loads(done.out) == [words, str(launched.home), "a b", False]
    assert done.err == ""


@pytest.mark.e2e
def test_secrets_are_there(launched: User) -> None:
    assert launched.run("exec", "vllm_node", "--", "printenv", "HF_TOKEN").out == "hf_hidden\n"


@pytest.mark.parametrize("status", [42, *(pytest.param(each, marks=pytest.mark.e2e) for each in (0, 1, 255))])
def test_the_status_is_passed_on(launched: User, status: int) -> None:
    assert launched.run("exec", "--", "sh", "-c", f"exit {status}").status == status


@pytest.mark.e2e
def test_a_signal_is_passed_on_as_shells_do(launched: User) -> None:
    assert launched.run("exec", "--", "sh", "-c", "kill -9 $$").status == 137


def test_what_is_not_there(launched: User) -> None:
    done = launched.run("exec", "--", "no-such-program")
    assert (done.status, done.err) == (127, "no-such-program: command not found\n")


@pytest.mark.e2e
def test_standard_input(launched: User) -> None:
    assert launched.run("exec", "--", "cat", given="one\ntwo").out == "one\ntwo"


def test_at_a_terminal(launched: User) -> None:
    with launched.at_terminal(
        "exec", "--", "sh", "-c", "test -t 0 -a -t 1 && echo a terminal; cat"
    ) as terminal:
        terminal.expect("a terminal")
        terminal.type("typed\r")
        terminal.expect("typed\r\ntyped")
        terminal.type("\x04")
        assert terminal.status() == 0


def test_ctrl_c_is_the_commands(launched: User) -> None:
    script = "trap 'echo caught; exit 9' INT; echo up; while :; do sleep 0.05; done"
    with launched.at_terminal("exec", "--", "sh", "-c", script) as terminal:
        terminal.expect("up")
        terminal.type("\x03")
        terminal.expect("caught")
        assert terminal.status() == 9
    assert launched.row()["phase"] == "running"


@pytest.mark.e2e
def test_a_stop_leaves_a_visitor_alone(launched: User) -> None:
    with launched.running("exec", "--", "sh", "-c", "sleep 600 & echo up; wait") as visitor:
        visitor.expect("up")
        assert launched.run("stop").status == 0
        assert visitor.process.poll() is None


def test_nothing_to_visit(user: User) -> None:
    done = user.run("exec", "--", "true")
    assert done.status == 2
    assert "nothing is launched" in done.err
    done = user.run("exec", "a", "--", "true")
    assert "no launch a" in done.err


def test_no_command(user: User) -> None:
    for words in (("exec",), ("exec", "a"), ("exec", "a", "--")):
        done = user.run(*words)
        assert done.status == 2
        assert "there is no command to run" in done.err


@pytest.mark.e2e
def test_one_that_has_ended(user: User) -> None:
    user.run("launch", "-d", "--", "true")
    done = user.run("exec", "--", "true")
    assert done.status in (2, 69)
    assert "vllm_node" in done.err
