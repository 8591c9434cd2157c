"""What goes where: colours, dumb terminals, pipes that close, disks that are full, help and version."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.user import User, quoted
from tests.waiting import LONG, until

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


@pytest.mark.parametrize(
    "words",
    ["--version", "--help", "status --json", "launch --engine host --dry-run=script -- true", "stop 2>&1"],
)
def test_a_reader_that_is_gone_ends_it_quietly(user: User, words: str) -> None:
    done = shell(user, f"sparkup {words} | (exec <&-; sleep 0)")
    assert done.stderr in ("0 0\n", "2 0\n")  # and nothing else


def test_work_goes_on_when_nobody_reads_its_progress(user: User) -> None:
    done = shell(user, f"sparkup launch --no-follow --name a {quoted(user.serve())} 2>/dev/full")
    assert "a is ready at" in done.stdout
    assert user.row("a")["phase"] == "ready"


@pytest.mark.e2e
def test_a_follower_whose_reader_goes_away_ends(user: User) -> None:
    user.run("launch", "-d", "--name", "a", "--", "sh", "-c", "while :; do echo line; sleep 0.02; done")
    done = shell(user, "sparkup logs -f a | head -2")
    assert done.stdout == "line\nline\n"
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert user.row("a")["phase"] == "running"


def test_a_follower_whose_reader_goes_away_ends_although_the_log_rests(user: User) -> None:
    user.run("launch", "-d", "--name", "a", "--", "sh", "-c", "echo line; sleep 600")
    until(lambda: user.run("logs", "a").out == "line\n")
    done = shell(user, "sparkup logs -f a | head -1")
    assert done.stdout == "line\n"
    assert done.stderr in ("0 0\n", "141 0\n")
    assert user.row("a")["phase"] == "running"


def test_what_a_command_prints_arrives_byte_for_byte(user: User) -> None:
    written, copy = user.home / "written", user.home / "copy"
    written.write_bytes(b"\xff\r\n10%\r20%\r\n\0" + os.urandom(5 << 20) + b"no end")
    done = shell(user, f"sparkup launch --engine host --name a -- cat {written} >{copy}")
    assert done.stderr.splitlines()[-1] == "0", done
    assert copy.read_bytes() == written.read_bytes()
    for words in ("logs a", "logs -f a"):
        shell(user, f"sparkup {words} >{copy}")
        assert copy.read_bytes() == written.read_bytes()


def test_printed_bytes_on_a_full_disk_are_an_error(user: User) -> None:
    done = shell(user, "sparkup launch --engine host --name a -- seq 300000 >/dev/full")
    assert "error: the output is lost: No space left on device (file-not-written)\n1\n" in done.stderr


def test_a_full_disk_under_the_answer_is_an_error(user: User) -> None:
    for words in ("status", "status --json", "--version", "--help"):
        done = shell(user, f"sparkup {words} >/dev/full")
        said = "error: the output is lost: No space left on device (file-not-written)\n"
        assert done.stderr == f"{said}1\n"


ODD = b"\xff \xe2\x98\x83"  # no UTF-8, and a character that many encodings lack


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {}])
def test_any_text_can_be_shown(user: User, variables: dict[str, str]) -> None:
    """A user's words may be of bytes that are no text in this locale, and errors repeat them."""
    words = ("launch", "--dry-run", "--", "printf", os.fsdecode(ODD))
    shown, broken = user.run(*words, env=variables), user.run(os.fsdecode(ODD), env=variables)
    assert (shown.status, broken.status) == (0, 2)
    assert "\\udcff" in shown.out
    assert "Traceback" not in shown.err + broken.err
    document = user.run(words[0], "--json", *words[1:], env=variables).json
    assert "\ufffd ☃" in document["launch"]["argv"]


def test_progress_as_json_has_no_other_lines(user: User) -> None:
    for words in (("stop", "nothing"), ("stop", "--al"), ("launch", "--", "/nothing")):
        done = user.run(words[0], "--progress", "json", *words[1:])
        events = [json.loads(line)["event"] for line in done.err.splitlines()]
        assert done.status != 0
        assert events[-1] == "Failed"
        assert events.count("Failed") == 1


def test_closed_streams_do_no_harm(user: User) -> None:
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        for words in ("--version", "--help", "status"):
            done = shell(user, f"sparkup {words} {closed}")
            assert done.stderr == "0\n", (words, closed)


def test_a_row_of_a_status_fits_its_terminal_and_is_whole_in_a_pipe(user: User) -> None:
    user.run("launch", "-d", "--name", "a", "--", "sleep", "600", *["0"] * 60)
    with user.at_terminal("status", env={"COLUMNS": "100"}) as terminal:
        assert [len(line) == 100 for line in terminal.rest().splitlines()[-2:]] == [False, True]
    assert user.run("status").out.endswith("  sleep 600" + " 0" * 60 + "\n")


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


def test_an_error_whose_document_is_lost_is_still_told_and_has_its_status(user: User) -> None:
    for words, status in (("stop nope --json", 2), ("launch --json --", 2)):
        for sink in (">/dev/full", "| true"):
            done = shell(user, f"sparkup {words} {sink}")
            assert "Traceback" not in done.stderr
            assert done.stderr.startswith("error")
            assert done.stderr.splitlines()[-1].split()[0] == str(status)
