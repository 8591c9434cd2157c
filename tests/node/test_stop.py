"""`stop`: ends all of one attempt and nothing else, and says what came back."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import processes
from tests.node.side import ONCE, Side
from tests.node.test_supervisor import STUBBORN, said, script
from tests.waiting import until

PYTHON = sys.executable
SLEEP = ("sleep", "600")
# What is said of no launch has all that is said of one: whoever reads it need not ask.
NOTHING = {"found": False, "was_running": False, "processes": 0, "left": [], "port": None, "port_free": True}
NOTHING |= {"memory_before": 0, "memory_after": 0, "seconds": 0.0}


@contextmanager
def process(*argv: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that is no part of any launch."""
    with subprocess.Popen(argv, env={"PATH": os.environ["PATH"], **variables}) as running:
        try:
            yield running
        finally:
            running.kill()


def test_it_ends_all_of_a_launch_and_puts_it_away(side: Side) -> None:
    rank = side.started(["sh", "-c", "echo up; sleep 600 & sleep 600 & wait"])
    side.printed("up")
    until(lambda: len(processes.children(rank["child"])) == 2, "both children run")
    answer = side.stop("a", rank["attempt"])
    assert answer.status == 0
    report = answer.value
    assert set(report) == set(NOTHING)
    assert (report["found"], report["was_running"], report["processes"]) == (True, True, 3)
    assert (report["left"], report["port"], report["port_free"]) == ([], None, True)
    assert report["memory_before"] > 0
    assert report["memory_after"] > 0
    assert 0 < report["seconds"] < 20
    assert processes.touching(rank["attempt"], side.root) == []
    assert side.launches() == []
    assert side.log(past=True) == "up\n"
    assert side.read("exit.json", past=True)["asked"] is True


def test_what_was_stopped_can_be_stopped_again(side: Side) -> None:
    rank = side.started(SLEEP)
    side.stop("a", rank["attempt"])
    for attempt in (rank["attempt"], ""):
        answer = side.stop("a", attempt)
        assert (answer.status, answer.value) == (0, NOTHING)
    assert side.log(past=True) == ""


def test_what_ended_by_itself_is_put_away(side: Side) -> None:
    side.started(["true"])
    side.ended()
    answer = side.stop()
    assert (answer.status, answer.value["was_running"], answer.value["processes"]) == (0, False, 0)
    assert side.launches() == []


def test_another_attempt_is_not_touched(side: Side) -> None:
    rank = side.started(SLEEP)
    answer = side.stop("a", "another")
    assert (answer.status, answer.value) == (0, NOTHING)
    assert processes.lives(rank["child"])
    assert side.read("rank.json")["pid"] == rank["pid"]


def test_another_launch_is_not_touched(side: Side) -> None:
    other = side.started(SLEEP, "b")
    rank = side.started(SLEEP, "a")
    side.stop("a", rank["attempt"])
    assert processes.lives(other["child"])
    assert side.launches() == ["b"]


def test_processes_that_look_alike_are_not_touched(side: Side) -> None:
    rank = side.started(SLEEP)
    attempt = rank["attempt"]
    alike = [
        {"SPARKUP_ATTEMPT": attempt + "0"},
        {"SPARKUP_ATTEMPT": attempt[:-1]},
        {"OLD_SPARKUP_ATTEMPT": attempt},
        {"NOTE": f"SPARKUP_ATTEMPT={attempt}"},
    ]
    with (
        process("sleep", "600", **alike[0]) as first,
        process("sleep", "600", **alike[1]) as second,
        process("sleep", "600", **alike[2]) as third,
        process("sh", "-c", "sleep 600; :", f"SPARKUP_ATTEMPT={attempt}", **alike[3]) as fourth,
    ):
        side.stop("a", attempt)
        assert [each.poll() for each in (first, second, third, fourth)] == [None] * 4


def test_a_pid_that_was_given_to_another_process_is_not_touched(side: Side) -> None:
    """After a crash the recorded pids may be anybody's: their start times tell."""
    rank = side.started(SLEEP)
    os.kill(rank["pid"], signal.SIGKILL)
    until(lambda: not processes.lives(rank["child"]), "the launch is lost")
    with process(*SLEEP) as stranger:
        file = side.folder() / "rank.json"
        file.write_text(file.read_text().replace(str(rank["pid"]), str(stranger.pid)))
        answer = side.stop()
        assert (answer.status, answer.value["was_running"]) == (0, False)
        assert stranger.poll() is None


def test_a_boot_before_this_one_is_over(side: Side) -> None:
    rank = side.started(SLEEP)
    file = side.folder() / "rank.json"
    text = file.read_text()
    file.write_text(text.replace(rank["boot"], "0" * 36))
    assert side.run(side.on("ready", "a")).value["state"] == "ended"
    file.write_text(text)


@pytest.mark.e2e
@ONCE
def test_what_a_dead_supervisor_has_left_is_cleaned(side: Side, tmp_path: Path) -> None:
    out = tmp_path / "pid"
    argv = ["sh", "-c", '"$@"; exec sleep 600', "sh", PYTHON, script(tmp_path, STUBBORN), str(out)]
    rank = side.started(argv)
    orphan = said(out)
    os.kill(rank["pid"], signal.SIGKILL)
    until(lambda: not processes.lives(rank["child"]), "the engine has followed its supervisor")
    assert processes.lives(orphan)
    answer = side.start(side.spec(SLEEP))  # something of it runs, so its name is not free
    assert answer.value.get("error") == "name-taken"
    answer = side.stop("a", rank["attempt"])
    assert (answer.status, answer.value["was_running"], answer.value["left"]) == (0, True, [])
    assert answer.value["processes"] == 1
    assert not processes.lives(orphan)
    assert side.start(side.spec(SLEEP)).status == 0


@pytest.mark.e2e
@ONCE
def test_one_that_is_to_go_soon_is_not_given_its_whole_grace(side: Side) -> None:
    code = f"import signal, time; {STUBBORN}; print('up', flush=True); time.sleep(600)"
    rank = side.started([PYTHON, "-c", code], grace=60)
    side.printed("up")
    answer = side.run(side.on("stop", "a", "--patience", "0.5"))
    assert (answer.status, answer.value["left"]) == (0, [])
    assert answer.value["seconds"] < 30
    assert processes.touching(rank["attempt"], side.root) == []
    assert side.log(past=True) == "up\n"


def test_it_waits_until_the_port_is_free(side: Side) -> None:
    code = (
        "import signal, socket, sys, time\n"
        "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], 'port', flush=True)\n"
        "time.sleep(600)"
    )
    rank = side.started([PYTHON, "-c", code])
    port = int(side.printed("port").split()[0])
    tell(side, rank, port=port)
    answer = side.stop()
    assert (answer.value["port"], answer.value["port_free"]) == (port, True)
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.e2e
@ONCE
def test_a_port_that_stays_held_is_said(side: Side) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        side.started(SLEEP, port=port)
        answer = side.stop()
    assert (answer.status, answer.value["port"], answer.value["port_free"]) == (0, port, False)


def tell(side: Side, rank: dict[str, object], **fields: object) -> None:
    """Write into a spec what is only known once the rank runs."""
    known = side.read("spec.json")
    assert known["attempt"] == rank["attempt"]
    (side.folder() / "spec.json").write_text(json.dumps(known | fields))


@pytest.mark.parametrize("attempt", ["", secrets.token_hex(6)])
def test_a_launch_that_never_was(side: Side, attempt: str) -> None:
    answer = side.stop("nothing", attempt)
    assert (answer.status, answer.value) == (0, NOTHING)
    assert not side.root.exists()  # to look for it changes nothing


@pytest.mark.e2e
def test_a_name_that_was_taken_over_meanwhile_is_left_alone(side: Side) -> None:
    """Two look at an ended launch: one starts anew under its name while the other still stops it."""
    for _ in range(3):
        first = side.started(["true"])
        side.ended()
        spec = side.spec(SLEEP)
        with subprocess.Popen(
            side.on("stop", "a", "--attempt", first["attempt"]), stdout=subprocess.DEVNULL
        ) as stop:
            answer = side.start(spec)
            stop.wait()
        assert answer.status == 0
        assert side.read("spec.json")["attempt"] == spec["attempt"]
        assert side.run(side.on("ready", "a")).value == {"state": "ready"}
        side.stop()
