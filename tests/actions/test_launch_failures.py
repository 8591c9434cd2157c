"""Starts that fail, and launches that die: the cause is shown, the log is kept, the name is free again."""

import os
import socket
from collections.abc import Iterator

import pytest
from tests.user import Done, User, free_port

SLOW = {"FAKE_VLLM_START_SECONDS": "8"}


@pytest.fixture
def failing(somewhere: User) -> Iterator[User]:
    """A user whose launch fails: afterwards nothing of it is left but its log."""
    user = somewhere
    yield user
    user.nothing_is_left()
    logs = user.run("logs", "vllm_node")
    assert logs.status == 0
    assert logs.out
    assert user.run("status").out == f"nothing is launched on {user.where}\n"


def failed(user: User, fault: str, *words: str, command: tuple[str, ...] = ()) -> Done:
    """Launch what fails."""
    done = user.run("launch", *words, *user.serve(*command), env={"FAKE_VLLM_FAULT": fault})
    assert done.status == 1, done
    return done


def test_an_unknown_flag_is_named(failing: User) -> None:
    done = failed(failing, "", command=("--max-model-length-x", "512"))
    assert "vllm_node ended before it was ready (exit status 2): " in done.err
    assert "--max-model-length-x" in done.err.partition(f"error [{failing.where}]: ")[2].splitlines()[0]


def test_the_root_cause_is_shown(failing: User) -> None:
    done = failed(failing, "dies-in-start")
    message = done.err.partition(f"error [{failing.where}]: ")[2]
    assert message.startswith("vllm_node ended before it was ready (exit status 1): ")
    assert "SafetensorError" in message
    assert "the whole log: sparkup logs vllm_node" in message


@pytest.mark.e2e
def test_the_root_cause_is_in_the_document(failing: User) -> None:
    done = failed(failing, "dies-in-start", "--json")
    assert (done.json["ok"], done.json["exit_status"]) == (False, 1)
    problem = done.json["problems"][0]
    assert (problem["code"], problem["where"]) == ("start-failed", failing.where)
    assert "SafetensorError" in problem["message"]
    assert problem["details"]


def test_an_end_in_a_start_is_a_failure_whatever_its_status(failing: User) -> None:
    done = failed(failing, "exits-0-in-start")
    assert "vllm_node ended before it was ready (exit status 0)" in done.err


def test_a_start_that_stalls(failing: User) -> None:
    done = failed(failing, "stalls-in-weights", "--stall-timeout", "2")
    assert "vllm_node made no progress for" in done.err
    assert "at stage weights (more time: --stall-timeout)" in done.err


@pytest.mark.e2e
def test_a_start_that_takes_too_long(failing: User) -> None:
    done = failed(failing, "stalls-in-weights", "--ready-timeout", "2")
    assert "vllm_node was not ready after" in done.err
    assert "(more time: --ready-timeout)" in done.err


@pytest.mark.e2e
def test_a_server_that_only_says_it_is_healthy(failing: User) -> None:
    done = failed(failing, "healthy-but-dead:fail")
    assert "vllm_node says it is healthy but does not answer: " in done.err


def test_a_server_that_only_says_it_is_healthy_in_the_document(failing: User) -> None:
    done = failed(failing, "healthy-but-dead:fail", "--json")
    assert done.json["problems"][0]["code"] == "canary-failed"


@pytest.mark.e2e
def test_a_server_whose_requests_hang(failing: User) -> None:
    done = failed(failing, "healthy-but-dead", "--stall-timeout", "2")
    assert "made no progress" in done.err


@pytest.mark.e2e
def test_an_engine_that_dies_of_the_first_request(failing: User) -> None:
    done = failed(failing, "dies-on-first-request")
    assert "vllm_node ended before it was ready (exit status 0)" in done.err


@pytest.mark.e2e
def test_an_engine_that_prints_nothing(user: User) -> None:
    done = failed(user, "quiet,dies-in-start")
    assert "vllm_node ended before it was ready (exit status 1)" in done.err
    assert "the whole log: sparkup logs vllm_node" in done.err
    user.nothing_is_left()
    assert user.run("logs", "vllm_node") == (0, "", "")


def test_a_launch_that_dies_while_it_is_followed(failing: User) -> None:
    """vLLM ends with status 0 then."""
    done = failed(failing, "health-503-then-exit-0:0.5")
    assert "vllm_node is ready at" in done.out
    message = done.err.partition(f"error [{failing.where}]: ")[2]
    assert message.startswith("vllm_node ended although nobody had asked it to (exit status 0): ")
    assert "engine core exited unexpectedly" in message.splitlines()[0]


def test_a_port_that_is_taken_is_said_before_the_start(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = user.run("launch", *user.serve(port=port))
    assert done.status == 5
    assert f"port {port} is held by " in done.err
    assert f"(pid {os.getpid()})" in done.err  # which is ours
    assert "choose another with --port" in done.err
    user.nothing_is_left()
    assert not (user.state / "past").exists()


@pytest.mark.e2e
def test_a_port_that_another_launch_has(user: User) -> None:
    first = user.launched()
    done = user.run("launch", "--name", "other", *user.serve(port=first["port"]))
    assert done.status == 5
    assert f"port {first['port']} is held by the launch vllm_node" in done.err
    assert "sparkup stop vllm_node" in done.err


@pytest.mark.e2e
def test_a_port_that_is_taken_during_the_start(failing: User) -> None:
    """Nobody had it when we looked; the engine then says so itself."""
    port = free_port()
    with failing.running("launch", *failing.serve(port=port), env=SLOW) as command:
        command.expect("importing")
        with failing.holding(port):
            done = command.done()
    assert done.status == 1
    assert "ended before it was ready (exit status 1)" in done.err
    assert "ddress already in use" in done.err


def test_a_program_that_is_not_there(user: User) -> None:
    done = user.run("launch", "--", "no-such-program", "--flag")
    assert done.status == 2
    assert "no-such-program: command not found" in done.err
    user.nothing_is_left()


@pytest.mark.e2e
def test_a_program_that_cannot_be_executed(user: User) -> None:
    program = user.home / "program"
    program.write_text("#!/bin/sh\n")
    done = user.run("launch", "--", str(program))
    assert done.status == 2
    assert "program" in done.err
    user.nothing_is_left()


def test_a_state_folder_that_cannot_be_written(user: User) -> None:
    (user.home / "file").touch()
    done = user.run("launch", *user.serve(), env={"SPARKUP_STATE_DIR": str(user.home / "file" / "state")})
    assert done.status == 1
    assert "error" in done.err
    assert "Traceback" not in done.err
    user.nothing_is_left()


def test_a_program_that_cannot_be_put_there_is_the_whole_story(user: User) -> None:
    """Nothing was started, so there is nothing to undo, and no word of undoing."""
    (user.state).mkdir()
    (user.state / "bin").write_text("in the way")
    done = user.run("launch", *user.serve())
    assert done.status == 1
    assert done.err.count("error [local]") == 1
    assert "cannot write" in done.err
    assert "stop" not in done.err


@pytest.mark.parametrize("folder", ["", "bin"])
def test_nothing_is_run_from_a_folder_that_others_may_write(user: User, folder: str) -> None:
    (user.state / "bin").mkdir(parents=True)
    (user.state / folder).chmod(0o777)
    for words in (("launch", *user.serve()), ("launch", "--", "true"), ("logs", "x")):
        done = user.run(*words)
        assert done.status == 5, done
        assert "(unsafe-folder)" in done.err
        assert done.err.count("error") == 1
    assert list((user.state / "bin").iterdir()) == []


def test_a_start_that_was_refused_is_not_said_to_run(user: User) -> None:
    (user.state / "launches" / "vllm_node").mkdir(parents=True)
    (user.state / "launches" / "vllm_node").chmod(0o777)
    done = user.run("launch", *user.serve())
    assert done.status == 5
    assert done.err.count("error [local]") == 1
    assert "may still run" not in done.err
