"""Launches, hosts and the states of ranks."""

import json
from dataclasses import replace

import pytest

from sparkup.domain.command import Environment, Secret
from sparkup.domain.host import LOCAL, Host, parse_host
from sparkup.domain.launch import NAME_RULE, Engine, Exit, Launch, Limits, Node, RankState, Readiness

LAUNCH = Launch(
    name="a",
    attempt="id",
    engine=Engine.HOST,
    nodes=(Node("h"), Node("i", 1)),
    argv=("vllm", "serve", "m"),
    environment=Environment({"A": "1"}, (Secret("HF_TOKEN", "hf_9a8b7c6d"),)),
    python_environment="/e",
    readiness=Readiness("server"),
    port=8000,
    cwd="/w",
)


@pytest.mark.parametrize("word", ["local", "localhost", "127.0.0.1", "::1"])
def test_words_for_this_machine(word: str) -> None:
    assert parse_host(word) == LOCAL
    assert LOCAL.is_local


@pytest.mark.parametrize("word", ["spark1", "user@10.0.0.2", "Localhost", ""])
def test_any_other_word_is_what_ssh_is_given(word: str) -> None:
    assert parse_host(word) == Host(word, word)


@pytest.mark.parametrize(
    ("api_host", "port", "url"),
    [
        ("127.0.0.1", 8000, "http://127.0.0.1:8000"),
        ("::1", 8000, "http://[::1]:8000"),
        ("spark1", 80, "http://spark1:80"),
        ("127.0.0.1", None, ""),
    ],
)
def test_the_url_of_an_api(api_host: str, port: int | None, url: str) -> None:
    launch = Launch("a", "id", Engine.HOST, (Node("h"),), ("x",), api_host=api_host, port=port)
    assert launch.url == url


def test_a_spec_is_json_that_only_names_secrets() -> None:
    spec = LAUNCH.spec(LAUNCH.nodes[1])
    assert json.loads(json.dumps(spec)) == {
        "launch": "a",
        "attempt": "id",
        "rank": 1,
        "engine": "host",
        "argv": ["vllm", "serve", "m"],
        "env": {"A": "1"},
        "secrets": ["HF_TOKEN"],
        "bin": "/e/bin",
        "url": "http://127.0.0.1:8000",
        "port": 8000,
        "cwd": "/w",
        "ready": "server",
        "ready_target": "",
        "attached": False,
        "guard": None,
        "image": "",
        "image_id": "",
        "user": "",
    }
    assert "hf_9a8b7c6d" not in f"{LAUNCH!r}{spec}"


def test_the_head_is_rank_0_and_no_environment_has_no_folder() -> None:
    assert LAUNCH.head == Node("h", 0)
    assert Launch("a", "id", Engine.HOST, (Node("h"),), ("x",)).spec(Node("h"))["bin"] == ""


@pytest.mark.parametrize(("limits", "any_"), [((None, None), False), ((1, None), True), ((None, 1), True)])
def test_limits_are_true_when_there_is_one(limits: tuple[int | None, int | None], any_: bool) -> None:
    assert bool(Limits(*limits)) == any_


ASKED, NOT_ASKED, FAILED = Exit(143, True, 0.0), Exit(0, False, 0.0), Exit(1, False, 0.0)


@pytest.mark.parametrize(
    ("alive", "ended", "verdict", "spec", "phase"),
    [
        (True, None, None, {}, "starting"),
        (True, None, {"state": "ready"}, {}, "ready"),
        (True, None, None, {"ready": "none"}, "running"),
        (True, NOT_ASKED, None, {}, "starting"),  # what a process table says counts before files
        (False, None, None, {}, "lost"),
        (False, ASKED, None, {}, "ended"),
        (False, NOT_ASKED, None, {"attached": True}, "ended"),
        (False, FAILED, None, {"attached": True}, "failed"),
        (False, NOT_ASKED, {"state": "ready"}, {"attached": False}, "failed"),  # vLLM's dead engine exits 0
    ],
)
def test_the_phase_of_a_rank(
    alive: bool, ended: Exit | None, verdict: dict[str, str] | None, spec: dict[str, object], phase: str
) -> None:
    rank = RankState("a", "id", 0, "/f", 0.0, alive, 1, (), exit=ended, verdict=verdict, spec=spec)
    assert rank.phase == phase


def test_what_has_no_folder_has_no_other_phase() -> None:
    rank = RankState("a", "id", 0, "/f", 0.0, alive=True, pid=0, argv=(), orphaned=True)
    assert rank.phase == "orphaned"
    assert replace(rank, hidden=True).phase == "hidden"


@pytest.mark.parametrize("name", ["a", "vllm_node", "A-1.b_c", "0", "x" * 63])
def test_names_that_a_launch_can_have(name: str) -> None:
    assert NAME_RULE.fullmatch(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "_a", "a b", "a/b", "x" * 64, "ä", "a\n"])
def test_names_that_it_cannot_have(name: str) -> None:
    assert not NAME_RULE.fullmatch(name)
