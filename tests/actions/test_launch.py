"""Launch: started, ready, followed, left running; or stopped with the command."""

import json
import signal
import subprocess
import urllib.request

import pytest
from tests import processes
from tests.user import User
from tests.waiting import LONG, until


def test_a_server_is_launched_followed_and_left_running(user: User) -> None:
    with user.running("launch", *user.serve()) as command:
        command.expect("its log:")
        command.signal()
        done = command.done()
    assert done.status == 0
    assert "vllm_node goes on; stop it: sparkup stop vllm_node" in done.err
    assert "vllm_node is ready at http://127.0.0.1:" in done.out
    assert "sparkup logs -f vllm_node" in done.out
    row = user.row()
    assert (row["phase"], row["health"], row["model"]) == ("ready", 200, "tiny")
    assert user.run("stop").status == 0
    user.nothing_is_left()


def test_it_answers_at_the_address_that_is_said(user: User) -> None:
    answer = user.launched()
    with urllib.request.urlopen(answer["url"] + "/v1/models", timeout=10) as reply:
        assert json.load(reply)["data"][0]["id"] == "tiny"
    assert answer["url"] == f"http://127.0.0.1:{answer['port']}"
    assert answer["ready"]["model"] == "tiny"
    assert answer["ready"]["canary"] == "generate"
    assert answer["ready"]["stages"][0][0] == "python"
    assert answer["ready"]["kv_tokens"] > 0
    assert answer["log"] == str(user.state / "launches" / "vllm_node" / "log")
    assert "--host" in answer["argv"]


def test_following_shows_what_it_prints_as_it_comes(user: User) -> None:
    with user.running("launch", *user.serve()) as command:
        command.expect("its log:")
        assert user.run("stop").status == 0
        command.expect("Application shutdown complete")
        done = command.done()
    assert done.status == 0
    assert done.err.endswith("vllm_node was stopped\n")
    user.nothing_is_left()


def test_it_is_stopped_with_the_command_if_asked(user: User) -> None:
    with user.running("launch", "--stop-on-exit", *user.serve()) as command:
        command.expect("its log:")
        command.signal()
        done = command.done()
    assert done.status == 0
    user.nothing_is_left()


def test_with_json_it_stays_with_what_it_is_to_stop(user: User) -> None:
    with user.running("launch", "--stop-on-exit", "--json", *user.serve()) as command:
        command.expect('"url": ')
        command.signal()
        done = command.done()
    assert done.status == 0
    assert json.loads(done.out.splitlines()[0])["name"] == "vllm_node"
    user.nothing_is_left()


def test_it_is_stopped_when_nobody_reads_it_any_more_if_asked(user: User) -> None:
    argv = user.argv("launch", "--stop-on-exit", *user.serve())
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=user.environment, cwd=user.home) as process:
        assert process.stdout is not None
        assert b"is ready" in process.stdout.readline()
        process.stdout.close()
        until(lambda: not user.engines(), "it is stopped")
        process.wait(LONG)
    user.nothing_is_left()


@pytest.mark.e2e
def test_it_is_stopped_with_the_terminal_if_asked(user: User) -> None:
    with user.running("launch", "--stop-on-exit", *user.serve()) as command:
        command.expect("its log:")
        command.signal(signal.SIGHUP)
        command.done()
    user.nothing_is_left()


def test_detached_it_returns_at_once(user: User) -> None:
    done = user.run("launch", "-d", *user.serve(), env={"FAKE_VLLM_FAULT": "slow:30"})
    assert done.status == 0
    assert "vllm_node was started on local" in done.out
    assert "sparkup status --watch" in done.out
    assert user.row()["phase"] == "starting"
    assert user.run("stop").status == 0
    user.nothing_is_left()


@pytest.mark.e2e
def test_detached_with_json(user: User) -> None:
    done = user.run("launch", "-d", "--json", *user.serve())
    assert done.status == 0
    assert (done.json["name"], done.json["ready"]) == ("vllm_node", None)


@pytest.mark.e2e
def test_without_following_it_returns_when_ready(user: User) -> None:
    done = user.run("launch", "--no-follow", *user.serve())
    assert done.status == 0
    assert "is ready at" in done.out
    assert user.row()["phase"] == "ready"


def test_json_is_one_document_and_nothing_else(user: User) -> None:
    done = user.run("launch", "--no-follow", "--json", *user.serve())
    assert done.status == 0
    assert set(done.json) == {
        *("name", "attempt", "engine", "hosts", "argv", "url", "port", "log", "ready"),
        *("needs_key", "address", "via", "problems"),
    }
    assert done.json["hosts"] == ["local"]
    assert (done.json["engine"], done.json["needs_key"]) == ("host", False)


def test_json_with_following_is_lines(user: User) -> None:
    with user.running("launch", "--json", "--follow", *user.serve()) as command:
        command.expect('"needs_key"')
        assert user.run("stop").status == 0
        done = command.done()
    first, *log = [json.loads(line) for line in done.out.splitlines()]
    assert first["ready"]["url"] == first["url"]
    assert log
    assert all(list(record) == ["line"] for record in log)


def test_progress_says_where_the_start_is(user: User) -> None:
    done = user.run("launch", "--no-follow", *user.serve())
    for stage in ("resolve", "engine", "weights", "server"):
        assert f"  {stage}" in done.err


@pytest.mark.e2e
def test_progress_as_json_lines(user: User) -> None:
    done = user.run("launch", "--no-follow", "--progress", "json", *user.serve())
    events = [json.loads(line)["event"] for line in done.err.splitlines()]
    assert {"PhaseStarted", "StepStarted", "StageChanged", "LogLine", "Ready", "Answered"} <= set(events)


@pytest.mark.e2e
def test_quiet_progress(user: User) -> None:
    assert user.run("launch", "--no-follow", "--progress", "quiet", *user.serve()).err == ""


@pytest.mark.e2e
def test_a_second_launch_of_the_same_server_waits_for_nothing_of_the_first(user: User) -> None:
    user.launched("--name", "a")
    user.launched("--name", "b")
    assert user.names() == ["a", "b"]
    assert user.run("stop", "a").status == 0
    assert user.row("b")["phase"] == "ready"
    until(lambda: user.names() == ["b"], "a is put away")


@pytest.mark.e2e
def test_it_goes_on_when_the_command_is_killed(user: User) -> None:
    with user.running("launch", *user.serve()) as command:
        command.expect("its log:")
        command.signal(signal.SIGKILL)
        command.done()
    row = user.row()
    assert row["phase"] == "ready"
    assert processes.lives(row["pid"])


@pytest.mark.e2e
def test_a_server_that_nobody_is_to_wait_for(user: User) -> None:
    done = user.run(
        "launch", "--ready", "none", "--no-follow", *user.serve(), env={"FAKE_VLLM_FAULT": "slow:30"}
    )
    assert done.status == 0
    assert user.row()["phase"] == "running"
    assert user.row()["url"].startswith("http://127.0.0.1:")
