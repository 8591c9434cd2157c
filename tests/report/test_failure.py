"""Errors, as people and programs read them."""

import json
from dataclasses import asdict, replace

import pytest
from tests.report.terminals import on_a_terminal

from sparkup.domain.host import follow_up
from sparkup.errors import GateRefused, InputRefused, Problem
from sparkup.report.failure import failure_text, print_failure

FULL = Problem("port-taken", "port 8000 is held by nginx", "spark1", "end it", ("line 1", "line 2"))
BARE = Problem("no-command", "there is no command")
ERROR = GateRefused(FULL, BARE)


def test_what_where_and_what_next() -> None:
    assert failure_text(ERROR) == (
        "error [spark1]: port 8000 is held by nginx (port-taken)\n"
        "    | line 1\n"
        "    | line 2\n"
        "    what next: end it\n"
        "error: there is no command (no-command)\n"
    )


def test_what_is_wrong_on_several_hosts_alike_is_told_once() -> None:
    taken = [
        Problem("name-taken", "mine is taken", host, f"stop it: {follow_up('stop', 'mine', host)}")
        for host in ("spark1", "spark2", "spark3")
    ]
    assert failure_text(GateRefused(taken[0], FULL, *taken[1:])) == (
        "error [spark1, spark2, spark3]: mine is taken (name-taken)\n"
        "    what next: stop it: sparkup stop mine --host spark1; likewise for spark2, spark3\n"
        + failure_text(GateRefused(FULL))
    )
    other = replace(FULL, where="spark2")
    assert failure_text(GateRefused(FULL, other)).startswith("error [spark1, spark2]: port 8000 ")
    assert "likewise" not in failure_text(GateRefused(FULL, other))
    assert failure_text(GateRefused(FULL, replace(other, details=()))).count("error [") == 2


def test_colours_mark_what_it_is() -> None:
    first = failure_text(InputRefused(BARE), colours=True)
    assert first == "\x1b[31merror\x1b[0m: \x1b[1mthere is no command\x1b[0m (no-command)\n"


def test_people_get_it_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(ERROR, as_json=False)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", failure_text(ERROR))


def test_programs_get_a_document_on_standard_output_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(ERROR, as_json=True)
    told = capsys.readouterr()
    assert told.err == failure_text(ERROR)
    assert told.out.count("\n") == 1
    assert json.loads(told.out) == {
        "ok": False,
        "exit_status": 5,
        "problems": [
            {
                "code": "port-taken",
                "message": "port 8000 is held by nginx",
                "where": "spark1",
                "hint": "end it",
                "details": ["line 1", "line 2"],
            },
            {"code": "no-command", "message": "there is no command", "where": "", "hint": "", "details": []},
        ],
    }


def test_who_reads_events_gets_one_and_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(ERROR, as_events=True)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert json.loads(told.err) == {
        "event": "Failed",
        "problems": [asdict(FULL) | {"details": ["line 1", "line 2"]}, asdict(BARE) | {"details": []}],
    }


FAIL = """
from sparkup.errors import InputRefused, Problem
from sparkup.report.failure import print_failure
print_failure(InputRefused(Problem("no-command", "there is no command")), as_json=False)
"""


def test_a_terminal_gets_colours_unless_the_user_wants_none() -> None:
    assert on_a_terminal(FAIL).startswith("\x1b[31merror")
    for without in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert on_a_terminal(FAIL, **without) == "error: there is no command (no-command)\r\n"
