"""The journal: what happened, for a bug report; it stops nothing and keeps no secret."""

import json
from pathlib import Path

from tests.disks import fill

from sparkup.domain.answer import Shown
from sparkup.domain.command import Command, Environment, Secret
from sparkup.domain.event import Answered, Failed, LogLine, Noted, Planned, StepOutput
from sparkup.domain.launch import Engine, Launch, Node
from sparkup.domain.plan import Plan, Run, document, what
from sparkup.errors import Problem
from sparkup.run.journal import KEPT, Journal

SECRET = Secret("HF_TOKEN", "hf_very-secret")


def kept(folder: Path) -> list[dict[str, object]]:
    """Return all that journals hold."""
    lines = [line for file in sorted(folder.iterdir()) for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def test_events_are_kept_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "journal", "launch")
    journal.on(Noted("one"))
    journal.on(Failed((Problem("no-disk", "full", "spark1", "free some", ("a", "b")),)))
    journal.close()
    first, second = kept(tmp_path / "new" / "journal")
    assert (first["event"], first["text"]) == ("Noted", "one")
    assert second["problems"] == [
        {"code": "no-disk", "message": "full", "where": "spark1", "hint": "free some", "details": ["a", "b"]}
    ]
    assert isinstance(first["at"], float)


def test_the_engines_own_words_are_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", "launch")
    journal.on(LogLine("local", 0, "Loading weights"))
    journal.on(StepOutput("pip", "local", "Collecting torch"))
    journal.close()
    assert not (tmp_path / "journal").exists()


def test_no_secret_is_kept(tmp_path: Path) -> None:
    launch = Launch("a", "1", Engine.HOST, (Node("local"),), ("vllm",), Environment({}, (SECRET,)))
    command = Command(("start",), json.dumps(launch.spec(launch.head)).encode(), (SECRET,))
    step = Run("start", "local", command, "start")
    journal = Journal(tmp_path, "launch")
    journal.on(Planned("Start", (what(step),)))
    journal.on(Answered(Shown(launch.spec(launch.head), (document(Plan((step,)))[0],))))
    journal.on(Noted(f"{SECRET} {command}"))
    journal.close()
    text = "".join(file.read_text() for file in tmp_path.iterdir())
    assert "HF_TOKEN" in text
    assert "very-secret" not in text


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir(mode=0o755)
    journal = Journal(tmp_path / "journal", "launch")
    journal.on(Noted("one"))
    journal.close()
    (file,) = (tmp_path / "journal").iterdir()
    assert [oct(path.stat().st_mode)[-3:] for path in (tmp_path / "journal", file)] == ["700", "600"]


def test_old_ones_go(tmp_path: Path) -> None:
    for number in range(KEPT + 10):
        (tmp_path / f"20250101-0000{number:02}-launch-000000.jsonl").write_text("{}\n")
    (tmp_path / "notes.txt").write_text("mine")
    journal = Journal(tmp_path, "launch")
    journal.on(Noted("new"))
    journal.close()
    left = sorted(file.name for file in tmp_path.glob("*.jsonl"))
    assert len(left) == KEPT + 1
    assert "20250101-000009-launch-000000.jsonl" not in left
    assert "20250101-000010-launch-000000.jsonl" in left
    assert (tmp_path / "notes.txt").exists()


def test_one_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "journal", "launch")
    for _ in range(3):
        journal.on(Noted("one"))
    journal.close()


def test_a_full_disk_stops_nothing(tiny_disk: Path) -> None:
    journal = Journal(tiny_disk, "launch")
    journal.on(Noted("before"))
    filler = fill(tiny_disk)
    for _ in range(3):
        journal.on(Noted("x" * 5000))
    filler.unlink()
    journal.on(Noted("after"))
    journal.close()
    assert kept_noted(tiny_disk)[0] == "before"


def kept_noted(folder: Path) -> list[object]:
    """Return the remarks of a journal whose last line may be cut off."""
    found = []
    for line in next(folder.glob("*.jsonl")).read_text().splitlines():
        try:
            found.append(json.loads(line)["text"])
        except ValueError:
            continue
    return found
