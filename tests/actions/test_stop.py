"""Stop: by name, the only one, all; whatever the engine does, nothing of it is left."""

import json
import os
import signal
import socket
import urllib.request

import pytest
from tests import processes
from tests.user import User, free_port
from tests.waiting import until

from sparkup.actions.stop import read_report
from sparkup.domain.command import Result


def titled(user: User, *titles: str) -> list[int]:
    """Return the processes of launches that have one of some titles."""
    return [pid for pid in user.engines() if any(title in processes.command(pid) for title in titles)]


def test_the_only_one(user: User) -> None:
    answer = user.launched()
    running = user.engines()
    done = user.run("stop")
    assert done.status == 0
    assert done.out.startswith("stopped vllm_node on local in ")
    assert "4 processes ended" not in done.out or len(running) == 5
    assert f"port {answer['port']} is free" in done.out
    user.nothing_is_left()
    assert not [pid for pid in running if processes.lives(pid)]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(answer["url"], timeout=5)


@pytest.mark.e2e
def test_with_json(user: User) -> None:
    answer = user.launched()
    reports = user.json("stop", "vllm_node")["launches"]
    assert len(reports) == 1
    members = {"name", "host", "processes", "port", "port_free", "memory", "seconds", "with_others"}
    assert set(reports[0]) == members
    assert (reports[0]["name"], reports[0]["host"]) == ("vllm_node", "local")
    assert (reports[0]["port"], reports[0]["port_free"]) == (answer["port"], True)
    assert reports[0]["processes"] >= 3  # the server, its engine core, a worker


def test_by_name_and_all(user: User) -> None:
    for name in ("a", "b", "c"):
        user.run("launch", "-d", "--name", name, "--", "sleep", "600")
    done = user.run("stop")
    assert done.status == 2
    assert "there are several launches: a, b, c" in done.err
    assert user.run("stop", "b").status == 0
    assert user.names() == ["a", "c"]
    done = user.run("stop", "--all")
    assert done.status == 0
    assert [line.split()[1] for line in done.out.splitlines()] == ["a", "c"]
    user.nothing_is_left()


def test_what_is_not_there(user: User) -> None:
    done = user.run("stop")
    assert (done.status, done.out) == (2, "")
    assert "nothing is launched" in done.err
    done = user.run("stop", "a")
    assert done.status == 2
    assert "no launch a" in done.err
    assert "name it with --host" in done.err
    done = user.run("stop", "--all")
    assert (done.status, done.out) == (0, "nothing was running\n")
    assert user.json("stop", "--all") == {"launches": [], "problems": []}


def test_a_name_and_all_contradict_each_other(user: User) -> None:
    done = user.run("stop", "a", "--all")
    assert done.status == 2
    assert "contradict" in done.err


@pytest.mark.e2e
def test_twice(user: User) -> None:
    user.run("launch", "-d", "--", "sleep", "600")
    assert user.run("stop", "vllm_node").status == 0
    assert user.run("stop", "vllm_node").status == 2


@pytest.mark.e2e
def test_in_the_middle_of_a_start(user: User) -> None:
    user.run("launch", "-d", *user.serve(), env={"FAKE_VLLM_START_SECONDS": "5"})
    until(lambda: user.row()["stage"], "it starts")
    assert user.run("stop").status == 0
    user.nothing_is_left()


def test_an_engine_that_outlives_its_api_server(user: User) -> None:
    """Engine core and worker go on when the API server is killed; nobody may be left."""
    user.launched(env={"FAKE_VLLM_FAULT": "survives-api-server"})
    assert len(titled(user, "VLLM::")) == 2
    os.kill(user.row()["pid"], signal.SIGKILL)
    until(lambda: user.row()["phase"] == "failed", "its end is noticed")
    assert titled(user, "VLLM::") == []  # by its supervisor, at once
    assert user.run("stop").status == 0
    user.nothing_is_left()


@pytest.mark.e2e
def test_an_engine_that_outlives_its_supervisor_as_well(user: User) -> None:
    user.launched(env={"FAKE_VLLM_FAULT": "survives-api-server"})
    server = user.row()["pid"]
    supervisor = processes.parent(server)
    os.kill(supervisor, signal.SIGSTOP)  # it would end the rest of the tree
    for pid in (server, supervisor):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not processes.lives(server), "the server is gone")
    assert len(titled(user, "VLLM::")) == 2
    assert user.json("stop")["launches"][0]["processes"] == 2
    user.nothing_is_left()


@pytest.mark.e2e
def test_an_engine_that_ignores_sigterm(user: User) -> None:
    user.launched(env={"FAKE_VLLM_FAULT": "ignores-sigterm"})
    report = user.json("stop")["launches"][0]
    assert 20 <= report["seconds"] < 60
    user.nothing_is_left()


def test_a_stop_that_is_interrupted_is_brought_to_its_end(user: User) -> None:
    slow = "trap 'sleep 1; exit' TERM; echo up; while :; do sleep 0.1; done"
    user.run("launch", "-d", "--", "sh", "-c", slow)
    until(lambda: user.run("logs").out == "up\n", "it runs")
    with user.running("stop") as command:
        until(lambda: processes.touching(f"stop\0vllm_node\0--root\0{user.state}"), "it is being stopped")
        command.signal()
        done = command.done()
    assert done.status == 130
    assert "broken off at: stop vllm_node" in done.err
    user.nothing_is_left()


def test_a_port_that_somebody_else_holds_by_then(user: User) -> None:
    """The launch is gone, and the port is not free: both are said, and it is no whole success."""
    port = free_port()
    user.run("launch", "-d", "--ready", f"port:{port}", "--", "sleep", "600")
    with socket.create_server(("127.0.0.1", port)):
        done = user.run("stop", "--json")
    assert done.status == 3
    assert (done.json["launches"][0]["port_free"], len(done.json["problems"])) == (False, 1)
    assert f"vllm_node is gone, but port {port} is still held" in done.err
    user.nothing_is_left()


def test_one_that_cannot_be_stopped_keeps_no_other(user: User) -> None:
    for name in ("a", "b"):
        user.run("launch", "-d", "--name", name, "--", "sleep", "600")
    folder = user.state / "launches" / "a"
    folder.chmod(0o777)  # others could have written there whom we end
    done = user.run("stop", "--all", "--json")
    assert done.status == 3
    assert [each["name"] for each in done.json["launches"]] == ["b"]
    assert [each["code"] for each in done.json["problems"]] == ["not-yours"]
    assert user.run("stop", "a").status == 5
    folder.chmod(0o711)
    assert user.run("stop", "a").status == 0
    user.nothing_is_left()


def test_a_rank_that_ended_a_moment_before_ended_with_the_others() -> None:
    told = {"was_running": False, "processes": 0, "memory_before": 1, "memory_after": 1}
    result = Result(0, json.dumps(told))
    assert read_report(result, "vllm_node", "spark2", lived=True).with_others
    assert not read_report(result, "vllm_node", "spark2").with_others
    ended = Result(0, json.dumps({**told, "was_running": True, "processes": 3}))
    assert not read_report(ended, "vllm_node", "spark1", lived=True).with_others
