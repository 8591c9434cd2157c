"""What goes where: colours, dumb terminals, pipes that close, disks that are full, help and version."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.user import User, quoted
from tests.waiting import LONG

ESCAPE = "\x1b["
QUIET = ("0", "1", "141")  # statuses of a program whose reader has gone


def test_no_colour_away_from_a_terminal(user: User) -> None:
    done = user.run("stop")
    assert done.err.startswith("error [local]: ")
    assert ESCAPE not in done.err


def test_colour_at_a_terminal(user: User) -> None:
    with user.at_terminal("stop") as terminal:
        assert "\x1b[31merror" in terminal.rest()


def test_no_colour_if_the_user_wants_none(user: User) -> None:
    with user.at_terminal("lauch", env={"NO_COLOR": "1"}) as terminal:
        assert ESCAPE not in terminal.rest()


def test_a_dumb_terminal_gets_plain_lines(user: User) -> None:
    env = {"TERM": "dumb", "NO_COLOR": "1"}
    with user.at_terminal("launch", "--no-follow", *user.serve(), env=env) as terminal:
        seen = terminal.rest()
    assert "  weights" in seen
    assert "is ready at" in seen
    assert ESCAPE not in seen


@pytest.mark.e2e
def test_a_terminal_gets_a_picture(user: User) -> None:
    with user.at_terminal("launch", "--no-follow", *user.serve()) as terminal:
        seen = terminal.rest()
    assert ESCAPE in seen
    assert "\x1b[?25h" in seen[seen.rindex("\x1b[?25") :]  # the cursor is back
    assert "is ready at" in seen


@pytest.mark.parametrize("words", [("status", "--json"), ("status",)])
def test_answers_beside_a_terminal_go_where_they_belong(user: User, words: tuple[str, ...]) -> None:
    """Standard error is a terminal, standard output a pipe: `sparkup status --json | jq`."""
    master, slave = os.openpty()
    with os.fdopen(master, "rb", buffering=0) as terminal:
        env = {"TERM": "xterm", **user.environment}
        done = subprocess.run(user.argv(*words), stdout=subprocess.PIPE, stderr=slave, env=env, check=True)
        os.close(slave)
        drawn = terminal.read(65536)
    assert b"launches" in done.stdout if "--json" in words else b"nothing is launched" in done.stdout
    assert b"launche" not in drawn


def shell(user: User, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which "sparkup" is ours; standard error holds the statuses of the pipe."""
    script = f'{line}; echo "${{PIPESTATUS[@]}}" >&2'
    return subprocess.run(
        ["bash", "-c", script.replace("sparkup", quoted(user.argv()))],
        env=user.environment,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )


def test_a_reader_that_has_enough_ends_it_quietly(user: User) -> None:
    user.run("launch", "-d", "--name", "a", "--", "seq", "300000")
    done = shell(user, "sparkup logs a | head -1")
    assert done.stdout == "1\n"
    status = done.stderr.split()[-2]
    assert done.stderr == f"{status} 0\n"  # and nothing else
    assert status in QUIET


@pytest.mark.parametrize("words", ["--help", "status --json", "launch --dry-run=script -- true"])
def test_a_reader_that_is_gone_ends_it_quietly(user: User, words: str) -> None:
    done = shell(user, f"sparkup {words} | (exec <&-; sleep 0)")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.stderr.split()[-2] in QUIET


@pytest.mark.e2e
def test_a_follower_whose_reader_goes_away_ends(user: User) -> None:
    user.run("launch", "-d", "--name", "a", "--", "sh", "-c", "while :; do echo line; sleep 0.02; done")
    done = shell(user, "sparkup logs -f a | head -2")
    assert done.stdout == "line\nline\n"
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert user.row("a")["phase"] == "running"


def test_a_full_disk_under_the_answer_is_an_error(user: User) -> None:
    done = shell(user, "sparkup status >/dev/full")
    assert done.stderr.split()[-1] not in ("0", "120")
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


def test_closed_streams_do_no_harm(user: User) -> None:
    for closed in ("<&-", ">&-", "2>&-"):
        done = shell(user, f"sparkup status {closed}")
        assert "Traceback" not in done.stderr
        assert done.stderr.split()[-1] == "0", closed


def test_help_of_everything(user: User) -> None:
    overview = user.run("-h")
    assert overview == user.run("--help")
    assert (overview.status, overview.err) == (0, "")
    for verb in ("try", "launch", "status", "logs", "exec", "stop", "env", "completion"):
        assert f"  {verb} " in overview.out
        done = user.run(verb, "-h")
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith(f"Usage: sparkup {verb}")
        assert max(len(line) for line in done.out.splitlines()) <= 80


def test_a_home_that_cannot_be_written_costs_nothing_but_the_journal(user: User, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = user.run("status", env={"SPARKUP_STATE_DIR": str(tmp_path / "file" / "state")})
    assert done.status == 0
