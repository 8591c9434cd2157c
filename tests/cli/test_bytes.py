"""Arguments are bytes; those that are no text reach the rank as they are, and can be shown."""

import os

from tests.user import User

BYTE = os.fsdecode(b"\xff")
WRITE = 'printf "%s %s" "$1" "$A" >got'


def test_bytes_that_are_no_text_reach_the_rank(user: User) -> None:
    done = user.run("launch", "-e", f"A={BYTE}", "--", "sh", "-c", WRITE, "sh", BYTE)
    assert (done.status, "error" in done.err) == (0, False), done
    assert (user.home / "got").read_bytes() == b"\xff \xff"


def test_bytes_that_are_no_text_can_be_shown(user: User) -> None:
    for words in (("--dry-run",), ("--dry-run", "--json"), ("--dry-run=script",), ("-d",)):
        done = user.run("launch", *words, "--", "sh", "-c", "sleep 600", BYTE)
        assert (done.status, "Traceback" in done.err) == (0, False), done
    assert user.run("status").status == 0
    (row,) = user.json("status")["launches"]
    assert row["name"] == "vllm_node"


def test_bytes_that_are_no_text_can_be_refused(user: User) -> None:
    for words in ((BYTE, "foo"), ("-n", BYTE, "--", "true"), (f"--{BYTE}", "--", "true"), ("--", BYTE)):
        done = user.run("launch", *words)
        assert (done.status, "Traceback" in done.err) == (2, False), done
