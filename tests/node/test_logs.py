"""`logs`: what a launch has printed, from where one likes, and on as it grows."""

import socket
import sys
import time
from pathlib import Path

import pytest
from tests.node.side import ONCE, Side
from tests.waiting import LONG, until

PYTHON = sys.executable


def shown(side: Side, *words: str, name: str = "a") -> str:
    """Return what is shown of a log; standard input stays open, as over SSH."""
    with side.running(side.on("logs", name, *words)) as process:
        assert process.stdout is not None
        text = process.stdout.read().decode()  # with carriage returns as they are
        assert process.wait(LONG) == 0
        return text


def numbers(first: int, last: int) -> str:
    """Return what `seq` prints."""
    return "".join(f"{number}\n" for number in range(first, last + 1))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), numbers(1, 300)),
        (("--tail", "3"), numbers(298, 300)),
        (("--tail", "0"), ""),
        (("--tail", "1000"), numbers(1, 300)),
    ],
)
def test_of_one_that_is_over(side: Side, words: tuple[str, ...], expected: str) -> None:
    side.started(["seq", "300"])
    side.ended()
    assert shown(side, *words) == expected
    side.stop()
    assert shown(side, *words) == expected  # put away, and still to be read
    assert shown(side, "--follow", *words) == expected  # there is nothing to wait for


def test_lines_without_an_end(side: Side) -> None:
    side.started(["printf", r"one\ntwo\nthree"])
    side.ended()
    assert shown(side, "--tail", "2") == "two\nthree"


def test_a_bar_of_progress_is_one_line(side: Side) -> None:
    side.started(["printf", r"one\n 1%%\r 50%%\r100%%\r\nthree\n"])
    side.ended()
    assert shown(side, "--tail", "2") == " 1%\r 50%\r100%\r\nthree\n"


def test_long_lines(side: Side) -> None:
    side.started([PYTHON, "-c", "print('a' * 200000); print('b' * 200000); print('c')"])
    side.ended()
    assert shown(side, "--tail", "2") == "b" * 200000 + "\nc\n"


def test_of_a_launch_that_never_was(side: Side) -> None:
    answer = side.run(side.on("logs", "nothing"))
    assert answer.status == 69
    assert answer.stderr == "no launch nothing was ever here\n"


def in_two_parts(side: Side) -> None:
    """Run to its end what prints so much that the next line begins a new part."""
    limit = len(numbers(1, 20000)) - 1
    side.started(["sh", "-c", "seq 20000; sleep 0.3; seq 20001 20010"], log_limit=limit)
    side.ended()


def test_both_parts_are_shown(side: Side) -> None:
    in_two_parts(side)
    assert (side.folder() / "log.1").exists()
    assert shown(side) == numbers(1, 20010)


def test_the_last_lines_may_be_in_both_parts(side: Side) -> None:
    in_two_parts(side)
    assert side.log() == numbers(20001, 20010)
    assert shown(side, "--tail", "15") == numbers(19996, 20010)


@pytest.mark.e2e
@ONCE
def test_since_a_time(side: Side) -> None:
    """Times are kept to five seconds: an excerpt may begin a little earlier, never later."""
    side.started(["sh", "-c", "echo early; sleep 5.3; echo late"])
    side.ended()
    end = side.read("exit.json")["at"]
    assert shown(side, "--since", f"{end - 1:.3f}") == "early\nlate\n"  # the index has one time yet
    assert shown(side, "--since", f"{end + 60:.3f}") == "late\n"
    assert shown(side, "--since", "0") == "early\nlate\n"
    assert shown(side, "--since", "-600.000") == "early\nlate\n"
    assert shown(side, "--since", "-0.001") == "late\n"


def test_following_goes_on_to_the_end(side: Side, tmp_path: Path) -> None:
    go = tmp_path / "go"
    script = 'echo one; while ! [ -e "$0" ]; do sleep 0.02; done; echo two; printf three'
    side.started(["sh", "-c", script, str(go)])
    with side.running(side.on("logs", "a", "--follow")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"one\n"
        go.touch()
        assert process.stdout.read() == b"two\nthree"
        assert process.wait(LONG) == 0


def test_following_from_the_last_lines(side: Side, tmp_path: Path) -> None:
    go = tmp_path / "go"
    script = 'seq 10; while ! [ -e "$0" ]; do sleep 0.02; done; echo more'
    side.started(["sh", "-c", script, str(go)])
    side.printed("10\n")
    with side.running(side.on("logs", "a", "--follow", "--tail", "2")) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"9\n", b"10\n"]
        go.touch()
        assert process.stdout.read() == b"more\n"


def test_following_goes_on_when_the_log_turns_over(side: Side, tmp_path: Path) -> None:
    script = 'seq 3000; while ! [ -e "$0" ]; do sleep 0.02; done; seq 3001 5000'
    side.started(["sh", "-c", script, str(tmp_path / "go")], log_limit=13_000)
    with side.running(side.on("logs", "a", "--follow")) as process:
        assert process.stdout is not None
        shown = "".join(process.stdout.readline().decode() for _ in range(3000))
        (tmp_path / "go").touch()
        assert shown + process.stdout.read().decode() == numbers(1, 5000)
    assert (side.folder() / "log.1").exists()


def test_following_ends_when_the_caller_hangs_up(side: Side) -> None:
    side.started(["sh", "-c", "echo up; sleep 600"])
    with side.running(side.on("logs", "a", "--follow")) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        process.stdin.close()
        begun = time.monotonic()
        assert process.wait(LONG) == 0
        assert time.monotonic() - begun < 2


def test_from_the_moment_it_was_ready(side: Side, tmp_path: Path) -> None:
    go = tmp_path / "go"
    argv = ["sh", "-c", 'echo start; while ! [ -e "$0" ]; do sleep 0.02; done; echo served', str(go)]
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        side.started(argv, ready="port", ready_target=str(server.getsockname()[1]))
        side.printed("start")
        server.listen()
        until((side.folder() / "ready.json").exists, "it is ready")
    go.touch()
    side.ended()
    assert shown(side, "--from-ready") == "served\n"
    assert shown(side, "--follow", "--from-ready") == "served\n"


def test_from_ready_of_one_that_never_was(side: Side) -> None:
    side.started(["sh", "-c", "echo start; exit 1"])
    side.ended()
    assert shown(side, "--from-ready") == "start\n"


def test_a_reader_that_goes_away(side: Side) -> None:
    side.started(["seq", "500000"])
    side.ended()
    with side.running(side.on("logs", "a")) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"1\n"
        process.stdout.close()
        process.wait(LONG)
        assert process.stderr.read() == b""


def test_a_launch_that_is_being_started(side: Side) -> None:
    """Its folder is there and its log is not yet."""
    side.folder().mkdir(parents=True)
    assert shown(side) == ""
    until(lambda: side.launches() == ["a"], "nothing was changed")
