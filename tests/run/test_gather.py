"""Facts of hosts: asked live, remembered, and read back for a plan that opens no connection."""

import contextlib
import json
from pathlib import Path

import pytest
from tests.disks import fill
from tests.run.untouchable import Untouchable

from sparkup.connect.local import Local
from sparkup.domain.fact import Answers, Fact, run, whole
from sparkup.domain.host import Host
from sparkup.errors import GateRefused, InputRefused, WorkFailed
from sparkup.facts.machine import MACHINE
from sparkup.run.gather import Live, Recorded

pytestmark = pytest.mark.anyio


def said(answers: Answers) -> str:
    """Read what a program printed."""
    text: str = answers["it"]["out"]
    return text.strip()


GREETING = Fact("greeting", {"it": run("echo", "hello")}, said, recorded=whole)
NAME = Fact("name", {"it": run("uname")}, said, recorded=whole)
OPTIONAL = Fact("optional", {"it": run("echo", "known")}, said, unknown="unknown", recorded=whole)


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return list(folder.iterdir())


def python(folder: Path, script: str) -> Local:
    """Return this machine with a Python that a shell script stands in for; $REAL is the real one."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\nREAL='{Local().python}'\n{script}\n")
    file.chmod(0o755)
    return Local(python=str(file))


async def greeting(local: Local) -> str:
    """Ask for the greeting."""
    seen = await Live({"local": local}).look({"local": [GREETING]})
    return seen["local"][GREETING]


async def test_all_facts_of_all_hosts_come_at_once() -> None:
    hosts = {name: Untouchable(Host(name), readable=True) for name in ("one", "two")}
    seen = await Live(hosts).look({"one": [GREETING, NAME], "two": [NAME]})
    assert (seen["one"].host, seen["one"][GREETING], seen["one"][NAME]) == ("one", "hello", "Linux")
    assert seen["two"][NAME] == "Linux"
    assert GREETING.name not in seen["two"].values


async def test_nothing_is_asked_of_nobody() -> None:
    assert await Live({"local": Untouchable()}).look({}) == {}


async def test_a_real_fact(local: Local) -> None:
    machine = (await Live({"local": local}).look({"local": [MACHINE]}))["local"][MACHINE]
    assert machine.python == local.python


@pytest.mark.parametrize(
    "noise",
    ["echo Welcome", 'echo "{"', """echo '{"answers": 5}'""", "printf 'no end: '; echo", "echo warning >&2"],
)
async def test_a_login_that_prints_before_the_answer(tmp_path: Path, noise: str) -> None:
    assert await greeting(python(tmp_path, f'{noise}\nexec "$REAL" "$@"')) == "hello"


async def test_a_login_that_prints_after_the_answer(tmp_path: Path) -> None:
    assert await greeting(python(tmp_path, '"$REAL" "$@"; echo "{bye"')) == "hello"


async def test_no_python() -> None:
    with pytest.raises(GateRefused) as refused:
        await greeting(Local(python="no-such-python"))
    problem = refused.value.problems[0]
    assert (problem.code, problem.where) == ("no-python", "local")
    assert "no-such-python" in problem.message
    assert "apt-get install python3" in problem.hint


@pytest.mark.parametrize(
    "script",
    [
        "cat >/dev/null; exit 3",
        "cat >/dev/null; echo nothing",
        "exit 0",
        "cat >/dev/null; echo '{}'",
        "kill $$",
    ],
)
async def test_an_answer_that_is_none(tmp_path: Path, script: str) -> None:
    with pytest.raises(WorkFailed) as failure:
        await greeting(python(tmp_path, f"echo why >&2; {script}"))
    problem = failure.value.problems[0]
    assert (problem.code, problem.where, problem.details) == ("bad-answer", "local", ("why",))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        # The loader as it is, under a Python that takes itself for an older one.
        (
            """exec "$REAL" -c 'import sys; sys.version_info = (3, 7, 9); sys.version = "3.7.9 (old)"
code = sys.argv[3]; sys.argv[1:] = sys.argv[4:]; exec(code)' "$@\"""",
            "this is Python 3.7.9",
        ),
        ("echo 'Unknown option: -I' >&2; exit 2", "Unknown option: -I"),
        ("echo 'SyntaxError: invalid syntax' >&2; exit 1", "SyntaxError: invalid syntax"),
    ],
)
async def test_a_python_that_is_too_old(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(GateRefused) as refused:
        await greeting(python(tmp_path, script))
    problem = refused.value.problems[0]
    assert (problem.code, problem.where) == ("no-python", "local")
    assert problem.message.endswith(f"is too old: {said}")
    assert "Python 3.8 or newer" in problem.hint


def answering(folder: Path, answers: object) -> Local:
    """Return this machine with a Python that answers what it is told to."""
    (folder / "answers").write_text(json.dumps({"answers": answers}))
    return python(folder, f"cat >/dev/null; cat '{folder}/answers'")


async def test_a_question_that_a_host_could_not_answer(tmp_path: Path) -> None:
    answers = {"greeting\0it": {"error": "OSError: no memory"}, "name\0it": {"error": "OSError: no files"}}
    live = Live({"local": answering(tmp_path, answers)}, tmp_path / "facts")
    with pytest.raises(WorkFailed) as failure:
        await live.look({"local": [GREETING, NAME, OPTIONAL]})
    assert [(each.code, each.where, each.message) for each in failure.value.problems] == [
        ("bad-answer", "local", "the host could not say: greeting, it: OSError: no memory"),
        ("bad-answer", "local", "the host could not say: name, it: OSError: no files"),
    ]
    assert not (tmp_path / "facts").exists()


async def test_what_can_be_done_without_is_unknown(tmp_path: Path) -> None:
    local = answering(tmp_path, {"optional\0it": {"error": "OSError: no memory"}})
    seen = await Live({"local": local}, tmp_path / "facts").look({"local": [OPTIONAL]})
    assert seen["local"][OPTIONAL] == "unknown"
    assert not (tmp_path / "facts").exists()


@pytest.mark.parametrize("odd", [None, 5, [], {}, {"status": "0", "out": "", "err": ""}, {"out": "hello"}])
async def test_an_answer_to_another_question(tmp_path: Path, odd: object) -> None:
    with pytest.raises(WorkFailed) as failure:
        await greeting(answering(tmp_path, {"greeting\0it": odd}))
    problem = failure.value.problems[0]
    assert (problem.code, problem.where) == ("bad-answer", "local")
    assert "greeting" in problem.message


async def test_of_several_hosts_the_one_that_fails_is_told(tmp_path: Path) -> None:
    hosts = {"good": Local(Host("good")), "bad": Local(Host("bad"), "no-such-python")}
    with pytest.raises(GateRefused) as refused:
        await Live(hosts).look({name: [GREETING] for name in hosts})
    assert refused.value.problems[0].where == "bad"


async def test_what_was_answered_is_remembered(tmp_path: Path, local: Local) -> None:
    memory = tmp_path / "new" / "facts"
    live = Live({"local": local}, memory)
    await live.look({"local": [GREETING]})
    await live.look({"local": [NAME]})  # adds to what is known
    seen = await Recorded(memory).look({"local": [GREETING, NAME]})
    assert (seen["local"][GREETING], seen["local"][NAME]) == ("hello", "Linux")


async def test_only_what_offline_plans_need_is_remembered(tmp_path: Path, local: Local) -> None:
    private = Fact("private", {"it": run("echo", "a log")}, said)
    shortened = Fact("short", {"it": run("echo", "long")}, said, recorded=lambda _: {"it": "short"})
    live = Live({"local": local}, tmp_path / "facts")
    await live.look({"local": [private]})
    assert not (tmp_path / "facts").exists()
    await live.look({"local": [private, shortened]})
    assert json.loads((tmp_path / "facts" / "local.json").read_text()) == {"short\0it": "short"}


async def test_nobody_else_may_read_what_is_remembered(tmp_path: Path, local: Local) -> None:
    memory = tmp_path / "facts"
    memory.mkdir(mode=0o755)
    await Live({"local": local}, memory).look({"local": [NAME]})
    assert [oct(path.stat().st_mode)[-3:] for path in (memory, memory / "local.json")] == ["700", "600"]


async def test_a_full_disk_keeps_what_was_known_and_nothing_besides(tiny_disk: Path, local: Local) -> None:
    live = Live({"local": local}, tiny_disk)
    await live.look({"local": [NAME]})
    fill(tiny_disk)
    before = sorted(listed(tiny_disk))
    long = Fact("long", {"it": run("seq", "9999")}, said, recorded=whole)
    assert (await live.look({"local": [long]}))["local"][long].endswith("9999")
    assert sorted(listed(tiny_disk)) == before
    assert (await Recorded(tiny_disk).look({"local": [NAME]}))["local"][NAME] == "Linux"


async def test_a_memory_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "local.json").mkdir()
    with pytest.raises(InputRefused) as refused:
        await Recorded(tmp_path).look({"local": [GREETING]})
    assert refused.value.problems[0].code == "bad-recorded-facts"


async def test_hosts_are_remembered_apart(tmp_path: Path) -> None:
    """Their names may hold what a file name cannot."""
    names = ["spark1", "user@spark1", "a/../b", "[fe80::1%eth0]", "."]
    hosts = {name: Untouchable(Host(name), readable=True) for name in names}
    await Live(hosts, tmp_path / "facts").look({name: [NAME] for name in names})
    assert len(listed(tmp_path / "facts")) == len(names)
    assert listed(tmp_path) == [tmp_path / "facts"]
    seen = await Recorded(tmp_path / "facts").look({name: [NAME] for name in names})
    assert {each[NAME] for each in seen.values()} == {"Linux"}


async def test_a_memory_that_cannot_be_written_costs_nothing(tmp_path: Path, local: Local) -> None:
    (tmp_path / "file").touch()
    seen = await Live({"local": local}, tmp_path / "file" / "facts").look({"local": [GREETING]})
    assert seen["local"][GREETING] == "hello"


async def test_a_broken_memory_is_written_anew(tmp_path: Path, local: Local) -> None:
    for text in ("{broken", "[]", "5"):
        (tmp_path / "local.json").write_text(text)
        with pytest.raises(InputRefused) as refused:
            await Recorded(tmp_path).look({"local": [GREETING]})
        assert refused.value.problems[0].code in ("bad-recorded-facts", "no-recorded-facts")
        assert refused.value.problems[0].where == f"{tmp_path}/local.json"
        await Live({"local": local}, tmp_path).look({"local": [GREETING]})
        assert (await Recorded(tmp_path).look({"local": [GREETING]}))["local"][GREETING] == "hello"


async def test_a_host_that_was_never_seen(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        await Recorded(tmp_path).look({"local": [GREETING]})
    problem = refused.value.problems[0]
    assert (problem.code, problem.where) == ("no-recorded-facts", "local")
    assert "without --offline once" in problem.hint


async def test_a_fact_that_was_never_asked(tmp_path: Path, local: Local) -> None:
    await Live({"local": local}, tmp_path).look({"local": [GREETING]})
    with pytest.raises(InputRefused) as refused:
        await Recorded(tmp_path).look({"local": [GREETING, NAME]})
    assert "name, it" in refused.value.problems[0].message


async def test_a_fact_that_may_be_unknown(tmp_path: Path, local: Local) -> None:
    await Live({"local": local}, tmp_path).look({"local": [GREETING]})
    seen = await Recorded(tmp_path).look({"local": [GREETING, OPTIONAL]})
    assert seen["local"][OPTIONAL] == "unknown"
    await Live({"local": local}, tmp_path).look({"local": [OPTIONAL]})
    seen = await Recorded(tmp_path).look({"local": [OPTIONAL]})
    assert seen["local"][OPTIONAL] == "known"


async def test_answers_that_a_fact_cannot_read(tmp_path: Path) -> None:
    """Recorded by another version of sparkup."""
    answers = {"greeting\0it": {"status": 0}}
    (tmp_path / "local.json").write_text(json.dumps(answers))
    with pytest.raises(InputRefused) as refused:
        await Recorded(tmp_path).look({"local": [GREETING]})
    assert refused.value.problems[0].code in ("bad-recorded-facts", "no-recorded-facts")


async def test_what_lies_in_the_current_folder_is_not_imported(local: Local, tmp_path: Path) -> None:
    for name in ("glob", "json", "platform", "stat", "ssl"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with contextlib.chdir(tmp_path):
        seen = await Live({"local": local}).look({"local": [MACHINE]})
    assert seen["local"][MACHINE].python == local.python
    assert not (tmp_path / "ran").exists()
