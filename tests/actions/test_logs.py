"""Logs: of a launch that runs, that is over, that never was; excerpts of them, and as they grow."""

import json
import signal

import pytest
from tests.user import User
from tests.waiting import until


@pytest.fixture
def counting(user: User) -> User:
    """A user whose launch has printed ten lines and goes on when a file is there."""
    script = 'seq 10; while ! [ -e "$0" ]; do sleep 0.02; done; echo more; sleep 600'
    assert user.run("launch", "-d", "--", "sh", "-c", script, str(user.home / "go")).status == 0
    until(lambda: "10\n" in user.run("logs").out, "it has printed")
    return user


TEN = "".join(f"{number}\n" for number in range(1, 11))


def test_all_of_it_and_its_end(counting: User) -> None:
    assert counting.run("logs") == (0, TEN, "")
    assert counting.run("logs", "vllm_node", "--tail", "2").out == "9\n10\n"
    assert counting.run("logs", "--tail", "0").out == ""
    assert counting.run("logs", "--since", "1h").out == TEN
    assert counting.run("logs", "--since", "2020-01-31T12:00").out == TEN
    lines = counting.run("logs", "--json", "--tail", "2").out.splitlines()
    assert [json.loads(line) for line in lines] == [{"line": "9"}, {"line": "10"}]


def test_as_it_grows(counting: User) -> None:
    with counting.running("logs", "-f", "--tail", "1") as command:
        command.expect("10\n")
        (counting.home / "go").touch()
        command.expect("more\n")
        command.signal()
        done = command.done()
    assert (done.status, done.out, done.err) == (130, "10\nmore\n", "")
    assert counting.row()["phase"] == "running"


@pytest.mark.e2e
def test_following_ends_with_the_launch(counting: User) -> None:
    with counting.running("logs", "-f") as command:
        command.expect("10\n")
        assert counting.run("stop").status == 0
        assert command.done().status == 0


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_leaving_by_another_signal(counting: User, number: signal.Signals) -> None:
    with counting.running("logs", "-f") as command:
        command.expect("10\n")
        command.signal(number)
        assert command.done().status == 130


def test_of_one_that_is_over(counting: User) -> None:
    counting.run("stop")
    assert counting.run("logs", "vllm_node", "-f").out == TEN
    done = counting.run("logs")
    assert done.status == 2
    assert "nothing is launched" in done.err


def test_of_one_that_never_was(counting: User) -> None:
    done = counting.run("logs", "nonsense")
    assert done.status == 2
    assert done.out == ""
    assert "no launch nonsense (there: vllm_node)" in done.err


@pytest.mark.e2e
def test_of_several_one_must_be_named(counting: User) -> None:
    counting.run("launch", "-d", "--name", "b", "--", "sleep", "600")
    done = counting.run("logs")
    assert done.status == 2
    assert "there are several launches: b, vllm_node" in done.err
    assert "name one: sparkup logs b" in done.err


@pytest.mark.parametrize("words", ["yesterday", "10x", "-5", ""])
def test_what_is_no_time(user: User, words: str) -> None:
    done = user.run("logs", f"--since={words}")
    assert done.status == 2
    assert "is no time" in done.err


@pytest.mark.e2e
def test_output_that_is_no_text(user: User) -> None:
    done = user.run("launch", "--", "printf", r"a \377 b\n\0\n")
    assert done.status == 0
    assert done.out == "a \ufffd b\n\0\n"
