"""Commands that are no vLLM server: attached to the terminal, or ready as the user says."""

import json
import signal
import socket
import sys

import pytest
from tests import processes
from tests.node.servers import Reply, serving
from tests.user import User, free_port
from tests.waiting import until

LISTEN = (
    "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
    "print('listening', flush=True); time.sleep(600)"
)


@pytest.mark.parametrize("status", [0, *(pytest.param(each, marks=pytest.mark.e2e) for each in (3, 127))])
def test_its_output_and_status_are_ours(user: User, status: int) -> None:
    done = user.run("launch", "--", "sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (done.status, done.out) == (status, "out\nerr\n")
    user.nothing_is_left()
    assert user.run("logs", "vllm_node").out == "out\nerr\n"


@pytest.mark.e2e
def test_a_command_that_a_signal_ends(user: User) -> None:
    assert user.run("launch", "--", "sh", "-c", "kill -9 $$").status == 137
    user.nothing_is_left()


def test_its_arguments_arrive_as_they_are(user: User) -> None:
    words = [
        "",
        "a b",
        "-x",
        "--json",
        "--",
        "$HOME",
        'it\'s "quoted"',
        "new\nline",
        "\u65e5\u672c \U0001f680",
    ]
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    done = user.run("launch", "--", sys.executable, "-c", show, *words)
    assert json.loads(done.out) == words


@pytest.mark.e2e
def test_it_runs_where_we_are(user: User) -> None:
    assert user.run("launch", "--", "pwd").out == f"{user.home}\n"


def test_with_json_all_is_lines(user: User) -> None:
    done = user.run("launch", "--json", "--", "sh", "-c", "echo one; echo two; exit 4")
    assert done.status == 4
    first, second, last = (json.loads(line) for line in done.out.splitlines())
    assert (first, second) == ({"line": "one"}, {"line": "two"})
    assert (last["name"], last["exit_status"]) == ("vllm_node", 4)


def test_ctrl_c_ends_it(user: User) -> None:
    with user.at_terminal("launch", "--", "sh", "-c", "echo up; sleep 600") as terminal:
        terminal.expect("up")
        terminal.type("\x03")
        assert terminal.status() == 130
    user.nothing_is_left()


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(user: User, number: signal.Signals) -> None:
    with user.running("launch", "--", "sh", "-c", "echo up; sleep 600") as command:
        command.expect("up")
        command.signal(number)
        assert command.done().status == 130
    user.nothing_is_left()


@pytest.mark.e2e
def test_a_hangup_leaves_it_running(user: User) -> None:
    with user.running("launch", "--", "sh", "-c", "echo up; sleep 600") as command:
        command.expect("up")
        command.signal(signal.SIGHUP)
        assert command.done().status == 0
    assert user.row()["phase"] == "running"


def test_stopped_by_somebody_else(user: User) -> None:
    with user.running("launch", "--", "sh", "-c", "echo up; sleep 600") as command:
        command.expect("up")
        assert user.run("stop").status == 0
        done = command.done()
    assert "was stopped" in done.err
    user.nothing_is_left()


@pytest.mark.e2e
def test_detached(user: User) -> None:
    done = user.run("launch", "-d", "--", "sh", "-c", "echo up; sleep 600")
    assert done.status == 0
    assert user.row()["phase"] == "running"
    until(lambda: user.run("logs").out == "up\n", "its log is there")
    assert user.run("stop").status == 0
    user.nothing_is_left()


@pytest.mark.e2e
def test_ready_at_once_is_just_running(user: User) -> None:
    done = user.run("launch", "--ready", "none", "-d", "--json", "--", "sleep", "600")
    assert done.status == 0
    assert (done.json["url"], done.json["port"]) == ("", None)
    assert user.row()["phase"] == "running"


@pytest.mark.e2e
def test_ready_when_a_port_is_open(user: User) -> None:
    port = str(free_port())
    words = ("launch", "--ready", f"port:{port}", "--no-follow", "--json")
    done = user.run(*words, "--", sys.executable, "-c", LISTEN, port)
    assert done.status == 0
    assert done.json["port"] == int(port)
    assert done.json["ready"]["seconds"] >= 0
    assert user.row()["phase"] == "ready"  # nobody speaks HTTP there, and status asks all the same
    report = user.json("stop")["launches"][0]
    assert (report["port"], report["port_free"]) == (int(port), True)


def test_ready_when_an_address_answers(user: User) -> None:
    with serving({"/up": Reply(503)}) as served:
        words = ("launch", "--ready", f"http:{served.url}/up", "--no-follow", "--", "sleep", "600")
        with user.running(*words) as command:
            until(lambda: len(served.asked) > 1, "it is asked more than once")
            assert user.row()["phase"] == "starting"
            served.routes["/up"] = Reply(200)
            assert command.done().status == 0
    assert user.row()["phase"] == "ready"


@pytest.mark.e2e
@pytest.mark.parametrize("ready", ["port:1", "http:http://127.0.0.1:1/"])
def test_one_that_ends_before_it_is_ready(user: User, ready: str) -> None:
    done = user.run("launch", "--ready", ready, "--", "sh", "-c", "echo why >&2; exit 3")
    assert done.status == 1
    assert "ended before it was ready (exit status 3)" in done.err
    assert "why" in done.err
    user.nothing_is_left()


@pytest.mark.e2e
def test_what_it_leaves_behind_is_ended(user: User) -> None:
    out = user.home / "pid"
    script = f"(setsid sleep 600 & echo $! >{out}); sleep 0.2"
    done = user.run("launch", "--", "sh", "-c", script)
    assert done.status == 0
    assert not processes.lives(int(out.read_text()))
    user.nothing_is_left()


@pytest.mark.e2e
def test_a_server_of_its_own_kind_does_not_need_the_port_to_be_told_apart(user: User) -> None:
    """Another launch beside it, ready by a port that is taken: said before anything starts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = user.run("launch", "--ready", f"port:{port}", "--", "sleep", "600")
    assert done.status == 5
    assert f"port {port} is held by" in done.err
    user.nothing_is_left()
