"""`exec`, `guard` and `hold`: commands in a launch's environment, tied to a caller's life, or alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests import processes
from tests.node.side import ONCE, Side, signalled
from tests.node.test_supervisor import STUBBORN, said, script
from tests.waiting import LONG, until

PYTHON = sys.executable
SLEEP = ("sleep", "600")
SHOW = "import json, os, sys; json.dump([dict(os.environ), os.getcwd(), sys.argv[1:]], sys.stdout)"


def enter(side: Side, *argv: str) -> list[str]:
    """Return the command line that enters the launch a."""
    return side.on("exec", "a", "--", *argv)


def test_a_visitor_has_the_launchs_environment_and_folder(side: Side, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    spec = side.spec(SLEEP, env={"PLAIN": "a b\nc \u00fc"}, cwd=str(folder))
    side.start(spec, {"HF_TOKEN": "hf_secret"})
    words = ["", "a b", "--flag", "--", "$HOME", "it's", "\u65e5\u672c"]
    env = {**side.environment, "TERM": "vt100", "MINE": "not the launch's"}
    argv = enter(side, PYTHON, "-c", SHOW, *words)
    done = subprocess.run(argv, env=env, capture_output=True, timeout=LONG, check=True)
    found, cwd, said_words = json.loads(done.stdout)
    assert (found["PLAIN"], found["HF_TOKEN"], found["TERM"]) == ("a b\nc \u00fc", "hf_secret", "vt100")
    assert "MINE" not in found
    assert "SPARKUP_ATTEMPT" not in found
    assert (cwd, said_words) == (str(folder), words)


def test_the_status_is_the_commands_own(side: Side) -> None:
    side.started(SLEEP)
    for status in (0, 3, 255):
        assert side.run(enter(side, "sh", "-c", f"exit {status}")).status == status
    assert side.run(enter(side, "sh", "-c", "kill -9 $$")).status == -9  # it took our place


def test_standard_input_is_the_callers(side: Side) -> None:
    side.started(SLEEP)
    done = subprocess.run(enter(side, "cat"), input=b"words", capture_output=True, timeout=LONG, check=True)
    assert done.stdout == b"words"


def test_programs_of_the_launchs_environment_are_found(side: Side, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "sparkup-test-program"
    program.write_text("#!/bin/sh\necho found")
    program.chmod(0o755)
    side.started(SLEEP, bin=str(folder))
    done = subprocess.run(enter(side, program.name), capture_output=True, timeout=LONG, check=True)
    assert done.stdout == b"found\n"


CANNOT_BE_RUN = {
    None: (127, "command not found"),
    ("#!/bin/sh\n", 0o644): (126, "not executable"),
    ("no program", 0o755): (126, "Exec format error"),
    ("#!/no/such/shell\n", 0o755): (127, "command not found"),
}


@pytest.mark.parametrize("file", CANNOT_BE_RUN)
def test_what_cannot_be_run(side: Side, tmp_path: Path, file: tuple[str, int] | None) -> None:
    program = tmp_path / "program"
    if file is not None:
        program.write_text(file[0])
        program.chmod(file[1])
    side.started(SLEEP)
    answer = side.run(enter(side, str(program)))
    status, words = CANNOT_BE_RUN[file]
    assert answer.status == status
    assert answer.stderr == f"{program}: {words}\n"


def test_there_must_be_a_launch(side: Side) -> None:
    answer = side.run(enter(side, "true"))
    assert (answer.status, answer.stderr) == (69, "no launch a runs here\n")
    side.started(["true"])
    side.ended()
    assert side.run(enter(side, "true")).status == 69


def test_a_stop_leaves_visitors_alone(side: Side) -> None:
    side.started(SLEEP)
    argv = enter(side, "sh", "-c", "sleep 600 & echo $!; wait")
    with side.running(argv) as visitor:
        assert visitor.stdout is not None
        child = int(visitor.stdout.readline())
        assert side.stop().value["processes"] == 1
        assert visitor.poll() is None
        assert processes.lives(child)
        processes.kill([child])


def test_a_guarded_command_passes_its_status(side: Side) -> None:
    for argv, status in ((["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 143), (["true"], 0)):
        with side.running(side.argv("guard", "--", *argv)) as guard:
            assert guard.wait(LONG) == status
    with side.running(side.argv("guard", "--", "no-such-program")) as guard:
        assert guard.wait(LONG) == 127
        assert guard.stderr is not None
        assert guard.stderr.read() == b"no-such-program: No such file or directory\n"


def test_a_guarded_commands_output_is_passed_on(side: Side) -> None:
    with side.running(side.argv("guard", "--", "sh", "-c", "echo out; echo err >&2; cat")) as guard:
        out, err = guard.stdout, guard.stderr
        assert out is not None
        assert err is not None
        assert guard.wait(LONG) == 0  # its standard input is not ours, so `cat` has nothing to wait for
        assert (out.read(), err.read()) == (b"out\n", b"err\n")


@pytest.mark.parametrize("how", ["hang up", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_guarded_tree_ends_with_its_caller(side: Side, tmp_path: Path, how: str) -> None:
    out = tmp_path / "pid"
    tree = ["sh", "-c", '"$@"; sleep 600 & echo $!; wait', "sh", PYTHON, script(tmp_path), str(out)]
    with side.running(side.argv("guard", "--", *tree)) as guard:
        assert guard.stdout is not None
        assert guard.stdin is not None
        child, daemon = int(guard.stdout.readline()), said(out)
        if how == "hang up":
            guard.stdin.close()
            assert guard.wait(LONG) == 130
        else:
            assert signalled(guard, signal.Signals[how]) == 130
        assert not processes.lives(child)
        assert not processes.lives(daemon)


@pytest.mark.e2e
@ONCE
def test_a_guarded_tree_that_is_stubborn_is_killed(side: Side, tmp_path: Path) -> None:
    out = tmp_path / "pid"
    with side.running(side.argv("guard", "--", PYTHON, script(tmp_path, STUBBORN), str(out))) as guard:
        assert guard.wait(LONG) == 0  # what it started went its own way before; nobody asked us to end it
        os.kill(said(out), signal.SIGKILL)
    out.unlink()
    tree = ["sh", "-c", '"$@"; sleep 600', "sh", PYTHON, script(tmp_path, STUBBORN), str(out)]
    with side.running(side.argv("guard", "--", *tree)) as guard:
        assert guard.stdin is not None
        daemon = said(out)
        guard.stdin.close()
        assert guard.wait(LONG) == 130
        assert not processes.lives(daemon)


def test_of_two_holders_one_waits(side: Side, tmp_path: Path) -> None:
    argv = side.argv("hold", str(tmp_path / "new" / "folder" / "lock"))
    with side.running(argv) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        assert side.run(argv).status == 75
        assert first.stdin is not None
        first.stdin.close()
        assert first.wait(LONG) == 0
        with side.running(argv) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == b"held\n"


def test_a_holder_that_is_killed_lets_go(side: Side, tmp_path: Path) -> None:
    argv = side.argv("hold", str(tmp_path / "lock"))
    with side.running(argv) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        assert signalled(first, signal.SIGKILL) == -signal.SIGKILL
        begun = time.monotonic()
        with side.running(argv) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == b"held\n"
        assert time.monotonic() - begun < 10


def test_a_lock_that_cannot_be_made(side: Side, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = side.run(side.argv("hold", str(tmp_path / "file" / "lock")))
    assert answer.status == 73
    assert answer.stderr == f"{tmp_path}/file/lock: File exists\n"


def test_an_unknown_verb(side: Side) -> None:
    answer = side.run(side.argv("dance"))
    assert answer.status == 2
    assert "hold FILE" in answer.stderr
    until(lambda: not side.root.exists(), "nothing was made")
