"""Facts of hosts: asked live, remembered, and read back for a plan that opens no connection."""

import contextlib
import json
from pathlib import Path

import pytest
from tests.run.untouchable import Untouchable

from sparkup.connect.local import Local
from sparkup.domain.fact import Answers, Fact, run
from sparkup.domain.host import Host
from sparkup.errors import GateRefused, InputRefused, WorkFailed
from sparkup.facts.machine import MACHINE
from sparkup.run.gather import Live, Recorded

pytestmark = pytest.mark.anyio


def said(answers: Answers) -> str:
    """Read what a program printed."""
    text: str = answers["it"]["out"]
    return text.strip()


GREETING = Fact("greeting", {"it": run("echo", "hello")}, said)
NAME = Fact("name", {"it": run("uname")}, said)
OPTIONAL = Fact("optional", {"it": run("echo", "known")}, said, unknown="unknown")


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
    assert machine.memory_total > machine.memory_available > 0
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
    assert seen["local"][MACHINE].cwd == str(tmp_path)
    assert not (tmp_path / "ran").exists()
