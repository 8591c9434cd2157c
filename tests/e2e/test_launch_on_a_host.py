"""A launch on another machine, over OpenSSH: seen from anywhere, and there for as long as it should be."""

import json
import signal
import sys
from collections.abc import Iterator

import pytest
from tests import processes
from tests.e2e.control import SERVE, Control

HOST = ("--host", "spark1")


def launched(somebody: Control, *words: str) -> None:
    """Launch a server on the first host and wait until it is ready."""
    done = somebody.user.run("launch", "--no-follow", *HOST, *words, "--", *SERVE)
    assert done.status == 0, done


def test_from_launch_to_stop(somebody: Control, other: Control) -> None:
    launched(somebody)
    row = other.row(1)
    assert (row["host"], row["phase"], row["health"], row["model"]) == ("spark1", "ready", 200, "tiny")
    assert row["log"].startswith("/var/lib/sparkup/")
    done = other.user.run("exec", *HOST, "--", "hostname")
    assert (done.status, done.out) == (0, "spark1\n")
    with other.user.running("logs", "-f", *HOST) as follower:
        follower.expect("Application startup complete")
        report = other.user.run("stop", "--json", *HOST).json["launches"][0]
        assert follower.done().status == 0
    assert (report["host"], report["port"], report["port_free"]) == ("spark1", 8000, True)
    assert somebody.engines(1) == []


@pytest.mark.e2e
def test_a_host_that_ssh_does_not_know(somebody: Control) -> None:
    config = somebody.user.home / "config"
    address = somebody.hosts.hosts[0].address
    config.write_text(f"Host stranger\n  HostName {address}\n  HostKeyAlias stranger\n")
    done = somebody.user.run("launch", "--ssh-config", str(config), "--host", "stranger", "--", *SERVE)
    assert done.status == 4
    assert "error [stranger]: the host's key is not known yet" in done.err
    assert somebody.engines(1) == []


def launching(somebody: Control) -> int:
    """Return the process that launches: what runs it on the control workstation has the same words."""
    begin = f"{sys.executable} -m sparkup launch "
    found = processes.touching(somebody.user.home)
    return next(pid for pid in found if processes.command(pid).startswith(begin))


@pytest.mark.e2e
def test_it_outlives_whoever_launched_it(somebody: Control, other: Control) -> None:
    with somebody.user.running("launch", *HOST, "--", *SERVE) as command:
        command.expect("its log:")
        processes.kill([launching(somebody)])
        command.done()
    somebody.user.close()  # the shared connection as well: its session on the host is over
    row = other.row(1)
    assert row["phase"] == "ready"
    assert [line for line in somebody.engines(1) if line.startswith(f"{row['pid']} ")]


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_broken_off_is_taken_back(somebody: Control, number: signal.Signals) -> None:
    slow = ("-e", "FAKE_VLLM_START_SECONDS=3")
    with somebody.user.running("launch", *HOST, *slow, "--", *SERVE) as command:
        command.expect("importing")
        processes.send(launching(somebody), number)
        assert command.done().status == 130
    assert somebody.engines(1) == []


@pytest.fixture
def cut(somebody: Control) -> Iterator[Control]:
    """Somebody whose first host is cut off during the test; afterwards it is back."""
    try:
        yield somebody
    finally:
        somebody.hosts.link(1, up=True)
        somebody.hosts.control(["ssh", "-o", "ConnectTimeout=10", "spark1", "true"])


@pytest.mark.e2e
@pytest.mark.timeout(400)
def test_a_cable_that_is_pulled_in_the_middle_of_a_start(cut: Control, other: Control) -> None:
    """SSH notices within a minute; the launch goes on, and can be stopped when the cable is back."""
    with cut.user.running("launch", *HOST, "-e", "FAKE_VLLM_START_SECONDS=10", "--", *SERVE) as command:
        command.expect("importing")
        cut.hosts.link(1, up=False)
        done = command.done(200)
    assert done.status in (1, 4)
    assert "error [spark1]: " in done.err
    assert "Traceback" not in done.err
    assert cut.engines(1) != []
    gone = cut.user.run("status", *HOST)
    assert gone.status == 4
    assert "error [spark1]: " in gone.err
    cut.hosts.link(1, up=True)
    assert other.row(1)["phase"] in ("starting", "healthy", "ready")
    done = other.user.run("stop", *HOST)
    assert done.status == 0, done
    assert cut.engines(1) == []


@pytest.mark.e2e
def test_a_host_that_lost_its_power(somebody: Control) -> None:
    launched(somebody)
    somebody.hosts.kill(1)
    try:
        done = somebody.user.run("status", *HOST)
        assert done.status == 4
    finally:
        somebody.hosts.up(1)
    assert somebody.row(1)["phase"] == "lost"
    launched(somebody)  # its name is free
    assert somebody.row(1)["phase"] == "ready"


@pytest.mark.e2e
def test_of_two_machines_that_launch_at_once_one_does(somebody: Control, other: Control) -> None:
    words = ("launch", "-d", *HOST, "--", *SERVE)
    with somebody.user.running(*words) as first, other.user.running(*words) as second:
        statuses = sorted(command.done().status for command in (first, second))
    assert statuses == [0, 5]
    assert len([line for line in somebody.engines(1) if " start --root " in line]) == 1


@pytest.mark.e2e
def test_a_user_without_rights(somebody: Control) -> None:
    """What users launch is kept in their homes."""
    somebody.hosts.exec(1, ["chmod", "a+rx", "/root"])  # the model is there
    there = ("--host", "spark@spark1")
    done = somebody.user.run("launch", "--no-follow", *there, "--", *SERVE)
    assert done.status == 0, done
    row = somebody.user.run("status", "--json", *there).json["launches"][0]
    assert row["log"].startswith("/home/spark/.local/state/sparkup/")
    assert row["phase"] == "ready"
    assert somebody.user.run("stop", *there).status == 0
    assert somebody.engines(1) == []


@pytest.mark.e2e
def test_the_script_does_the_same(somebody: Control) -> None:
    done = somebody.user.run("launch", "--dry-run=script", *HOST, "--", *SERVE)
    assert done.status == 0
    script = somebody.user.home / "script.sh"
    script.write_text(done.out)
    somebody.hosts.control(["sh", str(script)])
    assert somebody.row(1)["phase"] == "ready"
    somebody.hosts.control(["sh", str(script), "stop"])
    assert somebody.engines(1) == []


@pytest.mark.e2e
def test_several_hosts_are_asked_at_once(somebody: Control) -> None:
    launched(somebody)
    done = somebody.user.run("status", "--json", "--host", "spark1,spark2")
    document = json.loads(done.out)
    assert document["hosts"] == ["spark1", "spark2"]
    assert [row["host"] for row in document["launches"]] == ["spark1"]
