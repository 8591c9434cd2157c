"""sparkup facts: what is known of this machine and another, texts on standard input, recordings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.actions.remote import NAME, Remote, serving_host
from tests.fixtures.recorded import sample
from tests.user import User

from sparkup.facts.parsers import SOURCES

NAMES = ["machine", "dgx", "memory", "gpu", "links", "engines", "systemd"]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Remote]:
    """Another machine."""
    home = tmp_path / "there"
    home.mkdir()
    with serving_host(User(home)) as remote:
        yield remote


def test_all_facts(user: User) -> None:
    (here,) = user.json("facts")["hosts"]
    assert here["host"] == "local"
    assert list(here["facts"]) == NAMES
    assert here["facts"]["memory"]["total"] > 0
    assert here["facts"]["dgx"]["gb10"] in (True, False)


def test_all_facts_for_people(user: User) -> None:
    done = user.run("facts")
    assert done.status == 0
    first, *lines = done.out.splitlines()
    assert first == "local"
    assert [line.split()[0] for line in lines if line[2] != " "] == NAMES
    assert len(lines) < 40


def test_one_fact(user: User) -> None:
    (here,) = user.json("facts", "memory")["hosts"]
    assert list(here["facts"]) == ["memory"]
    assert user.json("facts", "show", "memory")["hosts"][0]["facts"].keys() == {"memory"}


def test_facts_of_another_machine(user: User, host: Remote) -> None:
    (there,) = user.json("facts", "memory", *host.options)["hosts"]
    assert there["host"] == NAME


def test_what_cannot_be_asked_is_said_beside_the_others(user: User, host: Remote) -> None:
    done = user.run("facts", "memory", *host.options, "--host", "local,nowhere.invalid", "--json")
    assert done.status == 3
    assert {each["host"] for each in done.json["hosts"]} == {NAME, "local"}
    assert [each["code"] for each in done.json["problems"]] == ["host-unreachable"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("facts", "memry"), "did you mean memory?"),
        (("facts", "prase", "ip"), "did you mean parse?"),
        (("facts", "parse", "nvidia-smi"), "did you mean nvidia_smi?"),
        (("facts", "parse", "zzz"), "there are: app_log"),
    ],
)
def test_unknown_names(user: User, words: tuple[str, ...], hint: str) -> None:
    done = user.run(*words, given="")
    assert done.status == 2
    assert hint in done.err


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_text_is_read(user: User, words: tuple[str, ...]) -> None:
    done = user.run("facts", "parse", "meminfo", *words, given=sample("meminfo", "half_used.txt"))
    assert (done.status, done.err) == (0, "")
    assert done.json["total"] == 127600748 * 1024
    assert done.json["swap_total"] is None


def test_nothing_is_an_answer_where_a_tool_prints_nothing(user: User) -> None:
    done = user.run("facts", "parse", "ibdev2netdev", given="")
    assert (done.status, json.loads(done.out)) == (0, [])


@pytest.mark.parametrize(("given", "word"), [("hello\n", "expected"), ("", "nothing on standard input")])
def test_another_text_is_refused_in_json_as_well(user: User, given: str, word: str) -> None:
    done = user.run("facts", "parse", "meminfo", given=given)
    assert done.status == 2
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["where"]) == ("not-of-that-kind", "standard input")
    assert SOURCES["meminfo"].expected in problem["hint"]
    assert word in problem["hint"]
    assert "what next" in done.err


def test_what_is_recorded_can_be_read(user: User, host: Remote) -> None:
    done = user.run("facts", "record", "bug", *host.options, "--json")
    assert done.status == 0, done.err
    folder = user.home / "bug"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = done.json["files"]
    assert sorted(files) == sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
    assert "meminfo/meminfo.txt" in files
    for file in files:
        text = (folder / file).read_text()
        assert user.run("facts", "parse", file.partition("/")[0], given=text).status == 0, file
    assert not set(files) & set(done.json["missing"])


def test_a_folder_that_holds_something_is_left_alone(user: User) -> None:
    (user.home / "full").mkdir()
    (user.home / "full" / "mine").write_text("x")
    for name in ("full", "full/mine"):
        done = user.run("facts", "record", name)
        assert (done.status, "no empty folder" in done.err) == (2, True)
    (user.home / "empty").mkdir()
    assert user.run("facts", "record", "empty").status == 0
    assert "recorded" in user.run("facts", "record", "other").out


def test_a_folder_that_cannot_be_made(user: User) -> None:
    (user.home / "file").write_text("x")
    done = user.run("facts", "record", "file/folder")
    assert done.status in (1, 2)
    assert "file/folder" in done.err
