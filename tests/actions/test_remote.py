"""The same over SSH: what is launched on another machine is there for everybody, and stays."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import processes
from tests.actions.remote import NAME, Remote, serving_host
from tests.user import User
from tests.waiting import until


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Remote]:
    """Another machine; nothing that is launched there outlives the test."""
    home = tmp_path / "there"
    home.mkdir()
    there = User(home)
    with serving_host(there) as remote:
        yield remote
        there.close_launches()


def launched(user: User, host: Remote, *words: str) -> dict[str, object]:
    """Launch a server there; return the answer."""
    done = user.run("launch", "--no-follow", "--json", *host.options, *words, *host.there.serve())
    assert done.status == 0, done
    return done.json


def test_from_launch_to_stop(user: User, host: Remote, tmp_path: Path) -> None:
    answer = launched(user, host, "-e", "PLAIN=a b")
    assert (answer["hosts"], answer["address"]) == ([NAME], NAME)
    assert host.there.names() == ["vllm_node"]
    assert not (user.state / "launches").exists()
    (tmp_path / "other").mkdir()
    somebody = User(tmp_path / "other")  # at another machine
    row = somebody.run("status", "--json", *host.options).json["launches"][0]
    assert (row["name"], row["host"], row["phase"], row["health"]) == ("vllm_node", NAME, "ready", 200)
    assert "Application startup complete" in somebody.run("logs", *host.options).out
    show = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['PLAIN'], os.getcwd()]))"
    words = ["", "a b", "$HOME", "it's", "--json", "--"]
    done = somebody.run("exec", *host.options, "--", "python3", "-c", show, *words)
    assert json.loads(done.out) == [words, "a b", str(host.there.home)]
    with somebody.running("logs", "-f", *host.options) as follower:
        follower.expect("Application startup complete")
        report = somebody.run("stop", "--json", *host.options).json["launches"][0]
        assert follower.done().status == 0
    assert (report["host"], report["port_free"]) == (NAME, True)
    host.there.nothing_is_left()


@pytest.mark.e2e
def test_how_to_reach_it_from_here(user: User, host: Remote) -> None:
    done = user.run("launch", "--no-follow", *host.options, *host.there.serve())
    assert f"{NAME}" in done.out
    assert "ssh -N -L " in done.out
    assert f"sparkup stop vllm_node --host {NAME}" in done.out


def test_a_host_whose_key_is_not_known(user: User, host: Remote) -> None:
    host.tell("forget")
    done = user.run("launch", *host.options, *host.there.serve())
    assert done.status == 4
    assert done.err.startswith(f"error [{NAME}]: the host's key is not known yet")
    assert "--accept-new-host-keys" in done.err
    host.there.nothing_is_left()
    accepted = user.run("status", "--accept-new-host-keys", *host.options)
    assert (accepted.status, accepted.out) == (0, f"nothing is launched on {NAME}\n")


@pytest.mark.e2e
def test_it_goes_on_when_the_command_is_killed(user: User, host: Remote) -> None:
    with user.running("launch", *host.options, *host.there.serve()) as command:
        command.expect("its log:")
        command.signal(signal.SIGKILL)
        command.done()
    row = host.there.row()
    assert row["phase"] == "ready"
    assert processes.lives(row["pid"])


def test_a_start_that_is_broken_off_is_taken_back(user: User, host: Remote) -> None:
    with user.running(
        "launch", *host.options, "-e", "FAKE_VLLM_START_SECONDS=3", *host.there.serve()
    ) as command:
        command.expect("importing")
        command.signal()
        assert command.done().status == 130
    host.there.nothing_is_left()


def test_a_connection_that_breaks_in_the_middle_of_a_start_is_made_anew(user: User, host: Remote) -> None:
    with user.running(
        "launch", "--no-follow", *host.options, "-e", "FAKE_VLLM_START_SECONDS=4", *host.there.serve()
    ) as command:
        command.expect("resolve")
        host.tell("break")
        done = command.done()
    assert done.status == 0, done
    assert f"the connection to {NAME} broke; trying to reach it again" in done.err
    assert done.err.count("resolve") == 1  # what is told again is not shown again
    assert host.there.row()["phase"] == "ready"


def test_what_cannot_be_taken_back_is_said_beside_the_cause(user: User, host: Remote) -> None:
    with user.running(
        "launch", *host.options, "-e", "FAKE_VLLM_START_SECONDS=4", *host.there.serve()
    ) as command:
        command.expect("resolve")
        host.tell("leave")
        command.expect("trying to reach it again")
        command.signal()
        done = command.done()
    assert done.status == 130
    assert "the start of vllm_node was broken off (interrupted)" in done.err
    assert f"error [{NAME}]: vllm_node may still run there: " in done.err
    assert f"when that is mended: sparkup stop vllm_node --host {NAME}" in done.err
    until(lambda: host.there.row()["health"] == 200, "it went on")


@pytest.mark.e2e
def test_a_connection_that_breaks_while_it_is_followed(user: User, host: Remote) -> None:
    with user.running("launch", *host.options, *host.there.serve()) as command:
        command.expect("its log:")
        until(lambda: processes.touching("logs\0vllm_node"), "the log is followed")
        host.tell("break")
        done = command.done()
    assert done.status == 4
    assert f"[{NAME}]" in done.err
    assert (
        f"vllm_node goes on there; when the host is back: sparkup logs -f vllm_node --host {NAME}" in done.err
    )
    assert host.there.row()["phase"] == "ready"


def test_what_is_to_end_with_the_command_does_so_over_a_new_connection(user: User, host: Remote) -> None:
    with user.running("launch", "--stop-on-exit", *host.options, *host.there.serve()) as command:
        command.expect("its log:")
        until(lambda: processes.touching("logs\0vllm_node"), "the log is followed")
        host.tell("break")
        done = command.done()
    assert done.status == 4
    assert "goes on" not in done.err
    host.there.nothing_is_left()


@pytest.mark.e2e
def test_secrets_go_another_way_than_arguments(user: User, host: Remote) -> None:
    hidden = "hf_very-secret-9f3"
    words = ("launch", "--no-follow", *host.options, "-e", "HF_TOKEN", *host.there.serve())
    with user.running(*words, env={"HF_TOKEN": hidden}) as command:
        while command.process.poll() is None:
            assert not [pid for pid in processes.pids() if hidden in processes.command(pid)]
        assert command.done().status == 0
    environment = Path(f"/proc/{host.there.row()['pid']}/environ").read_bytes()
    assert f"HF_TOKEN={hidden}\0".encode() in environment


@pytest.mark.e2e
def test_a_visitor_with_a_terminal(user: User, host: Remote) -> None:
    user.run("launch", "-d", *host.options, "--", "sleep", "600")
    script = (
        "trap 'echo caught; exit 9' INT; test -t 0 && test -t 1 && echo a terminal;"
        "while :; do sleep 0.05; done"
    )
    with user.at_terminal("exec", *host.options, "--", "sh", "-c", script) as terminal:
        terminal.expect("a terminal")
        terminal.type("\x03")
        terminal.expect("caught")
        assert terminal.status() == 9
    until(lambda: host.there.row()["phase"] == "running")


def test_an_attached_command(user: User, host: Remote) -> None:
    done = user.run("launch", *host.options, "--", "sh", "-c", "echo out; echo err >&2; pwd; exit 5")
    assert (done.status, done.out) == (5, f"out\nerr\n{host.there.home}\n")
    host.there.nothing_is_left()


def half_there(user: User, host: Remote) -> tuple[str, ...]:
    """Return the options that name a host, and one that nobody reaches."""
    config = user.home / "config"
    nobody = "Host spark9\n  HostName 127.0.0.1\n  Port 1\n"
    config.write_text(nobody + Path(host.folder, "config").read_text())
    return ("--ssh-config", str(config), "--host", f"spark9,{NAME}")


def test_some_hosts_are_there(user: User, host: Remote) -> None:
    options = half_there(user, host)
    host.there.launched()
    done = user.run("status", "--json", *options)
    assert done.status == 3
    assert [row["name"] for row in done.json["launches"]] == ["vllm_node"]
    assert [problem["where"] for problem in done.json["problems"]] == ["spark9"]
    assert "error [spark9]: the host cannot be reached" in done.err
    done = user.run("stop", "nobody", *options)
    assert done.status == 2
    assert "no launch nobody" in done.err
    assert "error [spark9]: the host cannot be reached" in done.err
    done = user.run("stop", *options)
    assert done.status == 3
    assert f"stopped vllm_node on {NAME}" in done.out
    assert "error [spark9]: the host cannot be reached" in done.err
    assert user.run("env", "list", *options).status == 3
    host.there.nothing_is_left()


def test_nobody_there(user: User, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host spark9\n  HostName 127.0.0.1\n  Port 1\n")
    for words in (("status",), ("stop", "--all"), ("launch", *user.serve())):
        verb, *rest = words
        done = user.run(verb, "--ssh-config", str(config), "--host", "spark9", *rest)
        assert done.status == 4
        assert done.err.startswith("error [spark9]: the host cannot be reached")
