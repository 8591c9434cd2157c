"""Status: what hosts themselves say of their launches, at every point of a launch's life."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests import processes
from tests.user import Json, User
from tests.waiting import until

FIELDS = {
    *("name", "host", "rank", "phase", "engine", "pid", "url", "health", "stage", "started"),
    *("seconds", "exit_status", "model", "argv", "log", "owner"),
    *("image", "image_id", "container"),
    *("attempt", "backend", "nodes", "because", "address", "via"),
}


def in_phase(user: User, phase: str, name: str = "vllm_node") -> Json:
    """Wait until a launch is in a phase; return what status says of it."""
    return (
        until(lambda: found if (found := user.row(name))["phase"] == phase else None, f"it is {phase}") or {}
    )


def test_nothing_is_launched(user: User) -> None:
    assert user.run("status") == (0, "nothing is launched on local\n", "")
    assert user.json("status") == {"hosts": ["local"], "launches": [], "problems": [], "wholes": []}


def test_a_start_says_how_far_it_is(user: User) -> None:
    user.run("launch", "-d", *user.serve(), env={"FAKE_VLLM_FAULT": "stalls-in-weights"})
    row = until(
        lambda: found if (found := user.row())["stage"].startswith("weights") else None, "weights load"
    )
    assert row is not None
    assert (row["phase"], row["health"], row["exit_status"]) == ("starting", None, None)
    assert set(row) == FIELDS
    text = user.run("status").out
    assert text.splitlines()[0].split() == ["NAME", "HOST", "PHASE", "SINCE", "PID", "API", "COMMAND"]
    assert f"starting ({row['stage']})" in text


def test_ready(user: User) -> None:
    answer = user.launched()
    row = user.row()
    assert set(row) == FIELDS
    assert (row["phase"], row["health"], row["model"]) == ("ready", 200, "tiny")
    assert (row["url"], row["argv"], row["log"]) == (answer["url"], answer["argv"], answer["log"])
    assert processes.command(row["pid"])
    assert 0 <= row["seconds"] < 120
    line = user.run("status").out.splitlines()[1].split()
    assert line[:3] == ["vllm_node", "local", "ready"]
    assert answer["url"] in line


def test_unhealthy_and_then_failed(user: User) -> None:
    """A dead engine says 503 for some seconds, then vLLM ends with status 0."""
    user.launched(env={"FAKE_VLLM_EXIT_SECONDS": "2"})
    processes.kill(pid for pid in user.engines() if "VLLM::EngineCore" in processes.command(pid))
    row = in_phase(user, "unhealthy")
    assert row["health"] in (503, None)
    row = in_phase(user, "failed")
    assert (row["exit_status"], row["health"]) == (0, None)
    assert "failed (exit 0)" in user.run("status").out
    assert user.run("stop").status == 0
    user.nothing_is_left()


def test_what_nobody_waits_for_becomes_ready(user: User) -> None:
    user.run("launch", "-d", *user.serve())
    row = in_phase(user, "ready")
    assert (row["health"], row["model"]) == (200, "tiny")


def test_healthy_but_without_an_answer_yet(user: User) -> None:
    user.run("launch", "-d", *user.serve(), env={"FAKE_VLLM_FAULT": "healthy-but-dead"})
    assert in_phase(user, "healthy")["health"] == 200


def test_lost(user: User) -> None:
    user.launched()
    row = user.row()
    os.kill(processes.parent(row["pid"]), signal.SIGKILL)
    row = in_phase(user, "lost")
    assert row["exit_status"] is None
    assert user.run("stop").status == 0
    user.nothing_is_left()


def test_only_one_by_its_name(user: User) -> None:
    for name in ("a", "b"):
        user.run("launch", "-d", "--name", name, "--", "sleep", "600")
    assert [row["name"] for row in user.json("status", "b")["launches"]] == ["b"]
    assert [line.split()[0] for line in user.run("status", "a").out.splitlines()] == ["NAME", "a"]
    done = user.run("status", "c")
    assert (done.status, done.out) == (2, "")
    assert "no launch c (there: a, b)" in done.err
    assert "(unknown-launch)" in done.err


def test_one_that_is_watched_until_it_is_gone(user: User) -> None:
    for name in ("a", "b"):
        user.run("launch", "-d", "--name", name, "--", "sleep", "600")
    with user.running("status", "--watch", "--json", "a") as command:
        command.expect('"name": "a"')
        assert user.run("stop", "a").status == 0
        done = command.done()
    assert done.status == 2
    assert '"name": "b"' not in done.out
    assert "no launch a (there: b)" in done.err


@pytest.mark.e2e
def test_a_failure_of_a_command(user: User) -> None:
    user.run("launch", "-d", "--", "sh", "-c", "exit 7")
    assert in_phase(user, "failed")["exit_status"] == 7


@pytest.mark.e2e
def test_it_changes_nothing(user: User) -> None:
    user.run("launch", "-d", "--", "sh", "-c", "exit 7")
    in_phase(user, "failed")

    def files() -> dict[Path, float]:
        return {path: path.stat().st_mtime for path in (user.state / "launches").rglob("*")}

    before = files()
    user.run("status")
    assert files() == before


@pytest.mark.e2e
def test_several_and_those_of_another_folder(user: User) -> None:
    """A named folder of state keeps its launches apart; its names are its own."""
    for name in ("b", "a"):
        user.run("launch", "-d", "--name", name, "--", "sleep", "600")
    assert [row["name"] for row in user.json("status")["launches"]] == ["a", "b"]
    other = User(user.home, {"SPARKUP_STATE_DIR": str(user.home / "elsewhere")})
    assert other.run("launch", "-d", "--name", "a", "--", "sleep", "600").status == 0
    assert [row["name"] for row in other.json("status")["launches"]] == ["a"]
    assert other.run("stop", "--all").status == 0
    assert [row["name"] for row in user.json("status")["launches"]] == ["a", "b"]


def test_watching_goes_on_until_one_leaves(user: User) -> None:
    with user.running("status", "--watch", "--json") as command:
        command.expect("\n")
        user.run("launch", "-d", "--", "sleep", "600")
        command.expect('"phase": "running"')
        command.signal()
        done = command.done()
    assert done.status == 130
    documents = [json.loads(line) for line in done.out.splitlines()]
    assert documents[0] == {"hosts": ["local"], "launches": [], "problems": [], "wholes": []}
    assert documents[-1]["launches"][0]["phase"] == "running"
    assert done.err == ""


def test_watching_at_a_terminal_is_drawn_anew(user: User) -> None:
    with user.at_terminal("status", "--watch") as terminal:
        assert "\x1b[2J" not in terminal.expect("nothing is launched")  # what stands above stays
        terminal.expect("\x1b[2J")
        terminal.type("\x03")
        assert terminal.status() == 130


@pytest.mark.e2e
def test_a_state_that_is_half_written_is_no_fault(user: User) -> None:
    folder = user.state / "launches" / "broken"
    folder.mkdir(parents=True)
    for content in ("", "{", "[]", '{"launch": "broken"}'):
        (folder / "spec.json").write_text(content)
        done = user.run("status")
        assert done.status == 0, (content, done)


@pytest.mark.e2e
def test_a_busy_host_is_seen_in_good_time(user: User) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import os, time\nfor _ in range(800): os.fork() or time.sleep(600)"],
        process_group=0,
    ) as crowd:
        try:
            begun = time.monotonic()
            assert user.run("status").status == 0
            assert time.monotonic() - begun < 20
        finally:
            os.killpg(crowd.pid, signal.SIGKILL)
