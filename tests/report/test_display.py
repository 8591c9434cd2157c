"""Which display shows what, and the documents of --json."""

import io
import json
import sys
from dataclasses import asdict, fields
from typing import Any

import pytest
from tests.report.examples import ANSWERS, LAUNCHED, START
from tests.report.terminals import on_a_terminal

from sparkup.cli import streams
from sparkup.cli.streams import Out
from sparkup.domain.answer import Answer, Finished
from sparkup.domain.event import Answered, Event, Failed, Noted, Printed, to_json
from sparkup.report.display import Display, JsonLines, Quiet, display
from sparkup.report.live import Live
from sparkup.report.plain import Plain

STATUS = ANSWERS[2]


def shown_bytes(*events: Event, as_json: bool) -> bytes:
    sent = io.BytesIO()
    shown = Display(Quiet(), as_json=as_json, out=Out(sent, "utf-8", vital=True))
    for event in events:
        shown.on(event)
    shown.close()
    return sent.getvalue()


def answered(*events: Event, as_json: bool) -> str:
    return shown_bytes(*events, as_json=as_json).decode()


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda each: type(each).__name__)
def test_an_answer_is_one_document(answer: Answer) -> None:
    document = json.loads(answered(Answered(answer), as_json=True))
    assert list(document) == [field.name for field in fields(answer)]
    assert document == json.loads(json.dumps(asdict(answer), default=str))


NUMBER = (int, float)
KEYS: dict[str, dict[str, Any]] = {
    "Launched": {
        **dict.fromkeys(("name", "attempt", "engine", "url", "log", "address", "via"), str),
        "hosts": list,
        "argv": list,
        "port": int,
        "needs_key": bool,
        "ready": dict,
        "problems": list,
    },
    "Finished": {"name": str, "exit_status": int, "log": str},
    "Status": {"hosts": list, "launches": list, "problems": list, "wholes": list},
    "FirstCause": {**dict.fromkeys(("name", "host", "message", "hint"), str), "rank": int, "lines": list},
    "Stopped": {"launches": list, "problems": list},
    "Shown": {"launch": dict, "phases": list},
    "Script": {"script": str},
    "Environments": {"environments": list, "note": str, "problems": list},
    "Tried": {
        **dict.fromkeys(("question", "answer", "vllm"), str),
        **dict.fromkeys(("first_token", "seconds", "set_up_seconds"), NUMBER),
        "tokens": int,
        "ready": dict,
        "stopped": dict,
    },
    "Facts": {"hosts": list, "problems": list},
    "Checked": {
        **dict.fromkeys(("name", "fabric"), str),
        **dict.fromkeys(("hosts", "checks", "ranks", "problems"), list),
    },
    "Explained": {"name": str, "ranks": list},
    "Recorded": {"host": str, "folder": str, "files": list, "missing": dict},
    "Images": dict.fromkeys(("hosts", "images", "names", "problems"), list),
    "ImageShown": {"images": list, "layers": int, "config": dict, "record": dict, "problems": list},
    "ImagesDiffer": {
        **dict.fromkeys(("before", "after"), dict),
        **dict.fromkeys(("changes", "flags_added", "flags_removed", "notes", "problems"), list),
        "same": bool,
        "layers": int,
    },
    "RolledBack": {
        **dict.fromkeys(("name", "previous"), str),
        **dict.fromkeys(("images", "before", "notes"), list),
    },
    "Pruned": {
        **dict.fromkeys(("images", "kept", "cache", "problems"), list),
        "until": NUMBER,
        "disk": dict,
        "freed": (dict, type(None)),
    },
    "Built": {
        **dict.fromkeys(("tag", "host", "id", "before"), str),
        **dict.fromkeys(("record", "timing"), dict),
        "same": bool,
    },
    "BuildShown": {"tag": str, "inputs": dict, "phases": list},
    "FabricShown": {"hosts": list, "fabric": dict, "svg": str, "problems": list},
    "Detected": {
        **dict.fromkeys(("hosts", "left", "scanned", "notes", "stale"), list),
        **dict.fromkeys(("file", "before"), str),
        "fabric": dict,
        "written": bool,
        "age": NUMBER,
    },
    "Meshed": dict.fromkeys(("hosts", "pairs", "changed", "problems"), list),
}
ROWS: dict[str, dict[str, Any]] = {
    "Status": {
        **dict.fromkeys(("name", "host", "phase", "engine", "url", "stage", "model", "log"), str),
        **dict.fromkeys(("image", "image_id", "container"), str),
        **dict.fromkeys(("attempt", "backend", "because", "address", "via"), str),
        "nodes": list,
        **dict.fromkeys(("rank", "pid", "health", "owner"), int),
        "started": NUMBER,
        "seconds": NUMBER,
        "exit_status": type(None),
        "argv": list,
    },
    "Stopped": {
        "name": str,
        "host": str,
        "processes": int,
        "port": int,
        **dict.fromkeys(("port_free", "with_others"), bool),
        "memory": int,
        "seconds": NUMBER,
    },
    "Environments": {
        **dict.fromkeys(("name", "variant", "host", "vllm", "python", "folder"), str),
        "made": NUMBER,
        "current": bool,
    },
}


def of_these_types(value: dict[str, Any], types: dict[str, Any]) -> bool:
    return value.keys() == types.keys() and all(isinstance(value[name], types[name]) for name in types)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda each: type(each).__name__)
def test_the_members_of_a_document_and_their_types(answer: Answer) -> None:
    """Scripts of users read these: a member that goes or changes its type breaks them."""
    name = type(answer).__name__
    document = json.loads(answered(Answered(answer), as_json=True))
    assert of_these_types(document, KEYS[name]), document
    for row in document.get("launches", document.get("environments", ())):
        assert of_these_types(row, ROWS[name]), row


def test_the_stages_of_a_start_are_pairs() -> None:
    ready = json.loads(answered(Answered(LAUNCHED), as_json=True))["ready"]
    assert ready["stages"] == [["python", 36.4], ["weights", 17.5]]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda each: type(each).__name__)
def test_a_document_is_a_line_and_many_are_lines(answer: Answer) -> None:
    assert answered(Answered(answer), as_json=True).count("\n") == 1
    many = answered(Answered(STATUS), Answered(STATUS), as_json=True)
    assert [json.loads(line)["hosts"] for line in many.splitlines()] == [["local"], ["local"]]


def test_printed_lines_are_the_answer_itself() -> None:
    pieces = [Printed(b'a "b"\r\n\n\xe2\x98'), Printed(b"\x83\rb\xff")]
    last = Answered(Finished("a", 0, "/log"))
    assert shown_bytes(*pieces, as_json=False) == b'a "b"\r\n\n\xe2\x98\x83\rb\xff'
    found = [json.loads(line) for line in answered(*pieces, last, as_json=True).splitlines()]
    assert [each.get("line") for each in found] == ['a "b"', "", "\u2603\rb\ufffd", None]
    assert answered(*pieces, as_json=True).splitlines() == [json.dumps(each) for each in found[:3]]


def test_lines_of_ranks_say_whose_they_are() -> None:
    pieces = [Printed(b"a\xff\n", 0, "spark1"), Printed(b" 1%\r 2%\n", 1, "spark2")]
    assert shown_bytes(*pieces, as_json=False) == b"[0 spark1] a\xff\n[1 spark2]  1%\r[1 spark2]  2%\n"
    assert [json.loads(line) for line in answered(*pieces, as_json=True).splitlines()] == [
        {"line": "a\ufffd", "rank": 0, "host": "spark1"},
        {"line": " 1%\r 2%", "rank": 1, "host": "spark2"},
    ]
    assert to_json(pieces[0]) == {"event": "Printed", "data": "a\ufffd\n", "rank": 0, "host": "spark1"}


def test_people_get_the_text() -> None:
    text = answered(Noted("not here"), Answered(LAUNCHED), as_json=False)
    assert text.startswith("mine is ready at http://127.0.0.1:8000")
    again = answered(Answered(STATUS), Answered(STATUS), as_json=False)
    assert "\x1b" not in again  # no terminal: nothing is wiped


def test_progress_as_json_lines() -> None:
    out = io.StringIO()
    lines = JsonLines(out)
    pieces = (Printed(b"one\ntw"), Printed(b"o\nend"), Noted("after it"), Printed(b"rest"))
    for event in (*START, *pieces, Failed(())):  # print_failure tells of that one
        lines.on(event)
    lines.close()
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert found[: len(START)] == [json.loads(json.dumps(to_json(event))) for event in START]
    assert [each.get("data") for each in found[len(START) :]] == ["one", "two", "end", None, "rest"]


@pytest.mark.parametrize(
    ("progress", "kind"),
    [("auto", Plain), ("plain", Plain), ("json", JsonLines), ("quiet", Quiet), ("live", Live)],
)
def test_progress_as_it_was_asked_for(
    progress: str, kind: type[object], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    streams.ready()
    shown = display(as_json=False, progress=progress)
    assert isinstance(shown.progress, kind)
    assert shown.out is sys.stdout
    shown.on(Printed(b"line\xff"))
    shown.close()
    assert capsysbinary.readouterr().out == b"line\xff"


KIND = """
import sys
from sparkup.report.display import display
shown = display(as_json=False, progress="auto")
shown.close()
sys.stderr.write(type(shown.progress).__name__)
"""


def test_a_terminal_is_drawn_on_unless_it_cannot_be() -> None:
    assert on_a_terminal(KIND).endswith("Live")
    assert on_a_terminal(KIND, TERM="dumb") == "Plain"
