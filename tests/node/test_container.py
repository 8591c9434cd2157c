"""Starting and stopping a rank in a container, with a stand-in for the engine that runs a plain process.

tests/e2e tries all of it with the real ones.
"""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.node.side import Answer, Json, Side
from tests.waiting import until

NAME_TAKEN, NOT_STARTED = 73, 74
ENGINE = """#!/bin/sh
here=${0%/*} id=0123456789ab verb=$1 pid=$(cat "${0%/*}/pid" 2>/dev/null)
shift
while [ -e "$here/frozen" ]; do sleep 0.02; done
case $verb in
run)
    touch "$here/asked"
    while [ -e "$here/held" ]; do sleep 0.02; done
    if [ -e "$here/refusal" ]; then cat "$here/refusal" >&2; exit 125; fi
    if [ -e "$here/warning" ]; then cat "$here/warning" >&2; fi
    "$@" >"$here/output" 2>&1 </dev/null &
    echo $! >"$here/pid"
    if [ -e "$here/late" ]; then until [ -e "$(cat "$here/late")" ]; do sleep 0.02; done; fi
    if [ -e "$here/mortal" ]; then mv "$here/mortal" "$here/dead"; cat "$here/dead" >&2; exit 125; fi
    echo $id ;;
create)
    touch "$here/making"
    while [ -e "$here/held" ]; do sleep 0.02; done
    printf '%s\n' "$@" >"$here/made"
    echo $id ;;
start)
    echo $$ >"$here/pid"
    exec "$(head -n 1 "$here/made")" $(tail -n +2 "$here/made") ;;
inspect) if kill -0 "$pid" 2>/dev/null; then echo "$pid"; else echo 0; fi ;;
ps)
    if [ -e "$here/dead" ]; then cat "$here/dead" >&2; exit 1; fi
    case "$*" in
    *status=paused*) exit ;;
    *status=running*) kill -0 "$pid" 2>/dev/null || exit 0 ;;
    esac
    if [ -n "$pid" ]; then echo $id; fi ;;
stop)
    [ "$1" = -t ] || exit 1
    kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done ;;
rm) kill -9 "$pid" 2>/dev/null; rm -f "$here/pid" ;;
logs)
    if [ -e "$here/silent" ]; then echo "Error: it does not support reading" >&2; exit 1; fi
    cat "$here/output" ;;
esac
"""


class Engine:
    """The folder of the stand-in: a file each says what it is to do, and what it has done."""

    def __init__(self, side: Side, folder: Path) -> None:
        folder.mkdir()
        self.side, self.folder = side, folder
        (folder / "docker").write_text(ENGINE)
        (folder / "docker").chmod(0o755)
        self.env = {"PATH": f"{folder}:{os.environ['PATH']}"}

    def spec(self, argv: Sequence[str]) -> Json:
        """Return what `start` is to be told."""
        spec = self.side.spec(argv, engine="docker", user="", last_word=0.5)
        run = ["docker", "run", *self.inside(spec)]
        made = {"folders": [], "run": run, "create": ["docker", "create", *argv], "entrypoint": True}
        return spec | {"container": made}

    def inside(self, spec: Json) -> list[str]:
        """Return the first process of its container."""
        return self.side.on("inside", "a", "--attempt", spec["attempt"])

    def start(self, *argv: str) -> Answer:
        """Start a rank."""
        return self.side.start(self.spec(argv), env=self.env)

    def stop(self) -> Answer:
        """Stop it."""
        return self.side.run(self.side.on("stop", "a"), env=self.env)

    @property
    def container(self) -> bool:
        """Say whether there is a container."""
        return (self.folder / "pid").exists()


@pytest.fixture
def engine(side: Side, tmp_path: Path) -> Engine:
    """An engine that works."""
    return Engine(side, tmp_path / "engine")


def test_from_start_to_stop(side: Side, engine: Engine) -> None:
    answer = engine.start("sh", "-c", "echo up; exec sleep 600")
    assert answer.status == 0, answer
    first = int((engine.folder / "pid").read_text())
    assert (answer.value["started"]["pid"], answer.value["note"]) == (first, "")
    assert side.read("inside.json")["child"] == answer.value["started"]["child"]
    assert side.printed("up") == "up\n"
    answer = engine.stop()
    assert (answer.status, answer.value["was_running"], answer.value["left"]) == (0, True, [])
    assert (engine.container, side.launches()) == (False, [])
    assert side.read("exit.json", past=True)["asked"] is True
    assert (engine.folder / "output").read_text() == "up\n"


def test_a_container_that_is_started_again_runs_nothing(side: Side, engine: Engine) -> None:
    assert engine.start("sh", "-c", "echo ran >>$HOME/ran; exit 3").status == 0
    assert side.ended()["status"] == 3
    again = side.run(engine.inside(side.read("spec.json")))
    assert again.status == 0
    assert (side.root.parent / "ran").read_text() == "ran\n"
    assert side.read("exit.json")["status"] == 3


def test_an_engine_that_refuses(side: Side, engine: Engine) -> None:
    (engine.folder / "refusal").write_text("docker: it will not\n")
    answer = engine.start("true")
    assert (answer.status, answer.value["message"]) == (NOT_STARTED, "docker: it will not")
    assert side.launches() == []


def test_a_command_that_is_not_there(side: Side, engine: Engine) -> None:
    answer = engine.start("no-such-program")
    assert (answer.status, answer.value["error"]) == (NOT_STARTED, "command-not-found")
    assert (engine.container, side.launches()) == (False, [])


def test_a_stop_in_the_middle_of_a_start(side: Side, engine: Engine) -> None:
    """Who starts it waits for the engine, and takes away what that has made."""
    (engine.folder / "held").touch()
    with ThreadPoolExecutor() as pool:
        start = pool.submit(engine.start, "sleep", "600")
        until((engine.folder / "asked").exists, "the engine is asked")
        starter = side.read("rank.json")
        assert starter["starting"] is True
        os.kill(starter["pid"], signal.SIGTERM)
        stop = pool.submit(engine.stop)
        (engine.folder / "held").unlink()
        assert start.result().value["message"] == "it was stopped"
        assert stop.result().status == 0
    assert (engine.container, side.launches()) == (False, [])


def test_an_engine_that_does_not_answer_keeps_the_launch(side: Side, engine: Engine) -> None:
    assert engine.start("sleep", "600").status == 0
    (engine.folder / "dead").write_text("Cannot connect\n")
    answer = engine.stop()
    assert answer.status == 1
    assert answer.value["problem"].startswith("Cannot connect; its container has the label sparkup.attempt=")
    assert side.launches() == ["a"]
    (engine.folder / "dead").unlink()
    assert engine.stop().status == 0
    assert (engine.container, side.launches()) == (False, [])


def test_one_whose_folder_is_gone_is_stopped_by_its_label(side: Side, engine: Engine) -> None:
    assert engine.start("sleep", "600").status == 0
    attempt = side.read("spec.json")["attempt"]
    shutil.rmtree(side.folder())
    assert engine.stop().value["found"] is False
    words = side.on("stop", "a", "--attempt", attempt, "--engine", "docker")
    answer = side.run(words, env=engine.env)
    assert (answer.status, answer.value["was_running"], answer.value["left"]) == (0, True, [])
    assert (engine.container, side.launches(), side.folder(past=True).exists()) == (False, [], False)
    again = side.run(words, env=engine.env)
    assert (again.status, again.value["was_running"]) == (0, False)


def test_one_whose_folder_is_another_launchs_by_now(side: Side, engine: Engine) -> None:
    """The other is left alone."""
    assert engine.start("sleep", "600").status == 0
    attempt = side.read("spec.json")["attempt"]
    shutil.rmtree(side.folder())
    side.started(["sleep", "600"])
    answer = side.run(side.on("stop", "a", "--attempt", attempt, "--engine", "docker"), env=engine.env)
    assert (answer.status, engine.container, side.launches()) == (0, False, ["a"])
    assert side.stop().value["was_running"] is True


def test_what_runs_again_is_replaced_by_no_other_and_ended_by_stop(side: Side, engine: Engine) -> None:
    assert engine.start("true").status == 0
    side.ended()
    with subprocess.Popen(["sleep", "600"]) as again:
        (engine.folder / "pid").write_text(str(again.pid))
        answer = engine.start("true")
        assert (answer.status, answer.value) == (NAME_TAKEN, {"error": "name-taken", "launch": "a"})
        reaper = threading.Thread(target=again.wait)
        reaper.start()  # the engine waits until it is gone
        assert engine.stop().value["was_running"] is True
        reaper.join()
    assert (engine.container, side.launches()) == (False, [])


def test_a_start_that_the_engine_hangs_in(side: Side, engine: Engine) -> None:
    """What it may yet bring up ends at once, also when the name is another attempt's by then."""
    (engine.folder / "held").touch()
    spec = engine.spec(["sleep", "600"])
    with ThreadPoolExecutor() as pool:
        start = pool.submit(side.start, spec, env=engine.env)
        until((engine.folder / "asked").exists, "the engine is asked")
        os.kill(side.read("rank.json")["pid"], signal.SIGTERM)
        answer = start.result()
    assert (answer.status, answer.value["silent"]) == (NOT_STARTED, True)
    assert answer.value["message"] == "docker does not answer (asked to run)"
    assert side.launches() == ["a"]
    late = side.run(engine.inside(spec))
    assert (late.status, side.folder().joinpath("inside.json").exists()) == (0, False)
    (engine.folder / "held").unlink()
    assert engine.stop().status == 0
    assert engine.start("sleep", "600").status == 0
    before = side.read("inside.json")
    assert side.run(engine.inside(spec)).status == 0
    assert side.read("inside.json") == before
    assert engine.stop().status == 0


def test_a_stop_past_an_engine_that_hangs(side: Side, engine: Engine) -> None:
    started = engine.start("sleep", "600").value["started"]
    (engine.folder / "frozen").touch()
    answer = engine.stop()
    attempt = side.read("spec.json")["attempt"]
    why = f"docker does not answer (asked to ps); its container has the label sparkup.attempt={attempt}"
    assert (answer.status, answer.value["problem"], answer.value["ended"]) == (1, why, True)
    assert not Path(f"/proc/{started['child']}").exists()
    assert side.read("exit.json")["asked"] is True
    (engine.folder / "frozen").unlink()
    assert engine.stop().status == 0
    assert (engine.container, side.launches()) == (False, [])
