"""What others do to the container of a launch, and what then is seen, stopped and started again."""

import signal
from collections.abc import Iterator

import pytest
from tests.docked import Docked
from tests.waiting import until

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("words", "phases"),
    [
        (("stop", "vllm_node"), ["ended"]),
        (("kill", "vllm_node"), ["lost"]),
        (("rm", "--force", "vllm_node"), ["lost", "ended"]),  # podman first tells it to end
        (("restart", "vllm_node"), ["ended"]),
        (("kill", "--signal", "TERM", "vllm_node"), ["ended"]),
    ],
)
def test_it_is_ended_by_hand(contained: Docked, words: tuple[str, ...], phases: list[str]) -> None:
    contained.launched()
    contained.there(contained.engine, *words)
    until(lambda: contained.row()["phase"] in phases, f"{phases} and not {contained.row()}")
    contained.launched()  # under the same name
    assert contained.containers() == ["vllm_node running"]
    contained.there(contained.engine, *words)
    until(lambda: contained.row()["phase"] in phases, f"{phases} and not {contained.row()}")
    assert contained.run("stop").status == 0
    contained.nothing_is_left()


def test_it_is_paused(contained: Docked) -> None:
    contained.launched()
    contained.there(contained.engine, "pause", "vllm_node")
    assert contained.row()["phase"] == "unhealthy"
    done = contained.run("stop")
    assert done.status == 0, done
    contained.nothing_is_left()


def service(dock: Docked, verb: str) -> None:
    """Start or stop the daemon."""
    dock.there("systemctl", verb, "docker")


def test_the_daemon_is_restarted(dock: Docked) -> None:
    dock.launched()
    service(dock, "restart")
    until(lambda: dock.there("docker", "version", check=False), "docker is back")
    assert dock.row()["phase"] in ("ended", "failed")
    assert dock.run("stop").status == 0
    dock.nothing_is_left()


def test_the_daemon_is_gone(dock: Docked) -> None:
    dock.launched()
    service(dock, "stop")
    try:
        assert dock.row()["phase"] in ("ended", "failed")
        done = dock.run("stop")
        assert done.status == 1
        assert "Cannot connect to the Docker daemon" in done.err
        assert "Traceback" not in done.err
    finally:
        service(dock, "start")
    until(lambda: dock.there("docker", "version", check=False), "docker is back")
    assert dock.run("stop").status == 0
    dock.nothing_is_left()


def test_the_daemon_is_killed_in_a_start(dock: Docked) -> None:
    """Its containers are ended when it comes back."""
    with dock.running("launch", *dock.serve(), env={"FAKE_VLLM_START_SECONDS": "20"}) as command:
        command.expect("importing")
        dock.there("pkill", "-9", "-x", "dockerd")
        service(dock, "restart")
        done = command.done()
    assert done.status == 1
    assert "Traceback" not in done.err
    dock.there("docker", "version")
    if dock.names():
        assert dock.run("stop").status == 0
    dock.nothing_is_left()


def test_the_host_loses_its_power(contained: Docked) -> None:
    contained.launched()
    assert contained.bed is not None
    contained.bed.kill(1)
    contained.bed.up(1)
    assert contained.row()["phase"] == "lost"
    assert contained.run("stop").status == 0
    contained.nothing_is_left()
    contained.launched()
    assert contained.row()["phase"] == "ready"


def test_a_name_that_is_another_containers(contained: Docked) -> None:
    contained.there(contained.engine, "run", "-d", "--name", "vllm_node", "base:1", "sleep", "600")
    done = contained.run("launch", "--name", "vllm_node", *contained.serve())
    assert done.status == 5, done
    assert "vllm_node is the name of a container of somebody else" in done.err
    assert contained.there(contained.engine, "ps", "-q")
    contained.there(contained.engine, "rm", "-f", "vllm_node")
    contained.nothing_is_left()


def test_an_ended_one_makes_room(contained: Docked) -> None:
    contained.run("launch", "-d", "--name", "aa", "--", "sh", "-c", "exit 4")
    until(lambda: contained.row("aa")["phase"] == "failed", "it has ended")
    assert contained.containers() == ["aa exited"]
    assert contained.run("launch", "-d", "--name", "aa", "--", "sleep", "600").status == 0
    assert contained.containers() == ["aa running"]
    assert contained.run("stop", "aa").status == 0
    contained.nothing_is_left()


@pytest.mark.parametrize("names", [("aa", "aa"), ("aa", "bb")])
def test_two_at_once(contained: Docked, names: tuple[str, str]) -> None:
    words = [("launch", "-d", "--name", name, "--", "sleep", "600") for name in names]
    with contained.running(*words[0]) as first, contained.running(*words[1]) as second:
        statuses = sorted(command.done().status for command in (first, second))
    assert statuses == ([0, 0] if names == ("aa", "bb") else [0, 5])
    assert sorted(contained.containers()) == [f"{name} running" for name in sorted({*names})]
    assert contained.run("stop", "--all").status == 0
    contained.nothing_is_left()


def test_it_ignores_sigterm(contained: Docked) -> None:
    contained.launched(env={"FAKE_VLLM_FAULT": "ignores-sigterm"})
    report = contained.json("stop")["launches"][0]
    assert 20 <= report["seconds"] < 60
    contained.nothing_is_left()


@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.1, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0])
def test_ctrl_c_at_any_moment(contained: Docked, seconds: float) -> None:
    with contained.running("launch", *contained.serve(), env={"FAKE_VLLM_START_SECONDS": "5"}) as command:
        with pytest.raises(Exception, match="timed out"):
            command.process.wait(seconds)
        command.signal(signal.SIGINT)
        done = command.done()
    assert done.status in (130, -2), done
    contained.nothing_is_left()


@pytest.mark.parametrize("seconds", [1.0, 1.4, 1.8, 2.5])
def test_it_is_killed_at_any_moment(contained: Docked, seconds: float) -> None:
    """What is there then is shown, and can be stopped."""
    with contained.running("launch", *contained.serve(), env={"FAKE_VLLM_START_SECONDS": "5"}) as command:
        with pytest.raises(Exception, match="timed out"):
            command.process.wait(seconds)
        command.signal(signal.SIGKILL)
        command.done()
    if contained.names():
        assert contained.row()["phase"] in ("starting", "healthy", "ready")
        assert contained.run("stop").status == 0
    contained.nothing_is_left()


WRAPPER = "/usr/local/sbin/docker"
HOLDING = """#!/bin/sh
if [ "$1" = run ]; then touch /tmp/asked; while [ -e /tmp/held ]; do sleep 0.05; done; fi
exec /usr/bin/docker "$@"
"""


@pytest.fixture
def held(dock: Docked) -> Iterator[Docked]:
    """Somebody whose engine takes its time for a start: until `release`."""
    dock.there("sh", "-c", f"touch /tmp/held; cat > {WRAPPER}; chmod +x {WRAPPER}", given=HOLDING)
    yield dock
    dock.there("rm", "-f", WRAPPER, "/tmp/held", "/tmp/asked")


def release(held: Docked) -> None:
    """Let the engine do it."""
    held.there("rm", "-f", "/tmp/held")


def in_the_middle(held: Docked) -> bool:
    """Say whether the engine was asked to start a container."""
    return bool(held.there("ls", "/tmp/asked", check=False))


def test_a_stop_while_the_engine_still_starts_it(held: Docked) -> None:
    """The engine makes it all the same: who starts it takes it away again."""
    with held.running("launch", "-d", *held.serve()) as command:
        until(lambda: in_the_middle(held), "the engine is asked")
        assert held.row()["phase"] == "starting"
        with held.running("stop") as stop:
            stopping = ("pgrep", "-f", "node-.*[p]yz stop")
            until(lambda: held.there(*stopping, check=False), "it is being stopped")
            release(held)
            assert stop.done().status == 0
        done = command.done()
    assert done.status != 0
    assert "it was stopped" in done.err
    held.nothing_is_left()


def test_ctrl_c_while_the_engine_starts_it(held: Docked) -> None:
    with held.running("launch", *held.serve()) as command:
        until(lambda: in_the_middle(held), "the engine is asked")
        command.signal()
        release(held)
        assert command.done().status == 130
    held.nothing_is_left()


def test_it_is_killed_while_the_engine_starts_it(held: Docked) -> None:
    with held.running("launch", *held.serve()) as command:
        until(lambda: in_the_middle(held), "the engine is asked")
        command.signal(signal.SIGKILL)
        command.done()
    release(held)
    until(lambda: held.row()["phase"] == "ready", "it is ready")
    done = held.run("launch", "--name", "vllm_node", *held.serve())
    assert done.status == 5
    assert held.run("stop").status == 0
    held.nothing_is_left()


def test_who_starts_it_is_killed(held: Docked) -> None:
    with held.running("launch", "-d", *held.serve()) as command:
        until(lambda: in_the_middle(held), "the engine is asked")
        held.there("pkill", "-9", "-f", "node-.*[p]yz start")
        release(held)
        assert command.done().status != 0
    if held.names():
        assert held.run("stop").status == 0
    until(lambda: not held.processes(), "it is gone")
    held.nothing_is_left()
