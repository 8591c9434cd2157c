"""What goes wrong while a container starts, with the stand-in for the engine of test_container.py."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.node.side import Answer, Json, Side
from tests.node.test_container import NOT_STARTED, Engine
from tests.ports import free_udp_port
from tests.waiting import until

from sparkup.node import container
from sparkup.node.engine import Patience
from sparkup.node.handing import NotHandedOver, Offer, taken
from sparkup.node.peers import KEY

OLD = "SyntaxError: future feature annotations is not defined"


@pytest.fixture
def engine(side: Side, tmp_path: Path) -> Engine:
    """An engine that works."""
    return Engine(side, tmp_path / "engine")


def start_as(engine: Engine, first: list[str], *argv: str) -> Answer:
    """Start a rank in an image where that is what our program comes to."""
    spec = engine.spec(argv)
    spec["container"]["run"] = ["docker", "run", *first]
    return engine.side.start(spec, env=engine.env)


def test_an_engine_that_dies_in_the_middle_of_a_start(side: Side, engine: Engine) -> None:
    """The container that it may have made is for `stop` to find: it has our folder to tell of it."""
    said = "docker: error during connect: unexpected EOF"
    (engine.folder / "mortal").write_text(f"{said}\n")
    answer = engine.start("sleep", "600")
    assert (answer.status, answer.value["message"], answer.value["silent"]) == (NOT_STARTED, said, True)
    assert (engine.container, side.launches()) == (True, ["a"])
    assert (side.folder() / "end").exists()
    answer = engine.stop()
    assert f"its container has the label sparkup.attempt={side.read('spec.json')['attempt']}" in str(answer)
    (engine.folder / "dead").unlink()
    assert engine.stop().status == 0
    assert (engine.container, side.launches()) == (False, [])


def test_a_command_python3_that_is_missing_is_no_image_without_python(side: Side, engine: Engine) -> None:
    for command in ("/opt/venv/bin/python3", "python3"):
        side.root.parent.joinpath("empty").mkdir(exist_ok=True)
        spec = engine.spec([command])
        spec["env"] = {"PATH": str(side.root.parent / "empty")}
        answer = side.start(spec, env=engine.env)
        assert (answer.status, answer.value["error"]) == (NOT_STARTED, "command-not-found"), answer
        assert not (engine.folder / "made").exists()
    assert side.launches() == []


def test_our_python_that_is_missing(side: Side, engine: Engine) -> None:
    """A container that has none is looked after from outside."""
    said = 'docker: Error response from daemon: exec: "python3": executable file not found in $PATH: unknown.'
    (engine.folder / "refusal").write_text(f"{said}\n")
    answer = engine.start("echo", "up")
    note = "no python3 is on the PATH in there: the container is looked after from outside"
    assert (answer.status, answer.value["note"]) == (0, note), answer
    assert side.ended()["status"] == 0
    assert side.log() == "up\n"


def test_who_looks_after_a_container_from_outside_hears_the_other_ranks(side: Side, engine: Engine) -> None:
    (engine.folder / "refusal").write_text('docker: exec: "python3": executable file not found in $PATH\n')
    peers = [{"rank": 1, "host": "spark2", "address": "127.0.0.2"}]
    beats = {"port": free_udp_port(), "address": "127.0.0.1", "peers": peers}
    spec = {**engine.spec(["sleep", "600"]), "beats": beats}
    assert side.start(spec, {KEY: "6d1f"}, engine.env).status == 0
    until((side.folder() / "peers.json").exists, "it has listened", 10)
    assert side.read("peers.json")["problem"] == ""
    assert engine.stop().status == 0


def test_the_key_of_the_beats_is_in_no_environment(side: Side, engine: Engine) -> None:
    """Neither the engine's client nor what it starts has it: only the supervisor, by the time it listens."""
    peers = [{"rank": 1, "host": "spark2", "address": "127.0.0.2"}]
    beats = {"port": free_udp_port(), "address": "127.0.0.1", "peers": peers}
    spec = {**engine.spec(["sh", "-c", "env; exec sleep 600"]), "beats": beats, "secrets": [KEY, "TOKEN"]}
    keep = f'env >{engine.folder}/env; exec "$@"'
    spec["container"]["run"] = ["docker", "run", "sh", "-c", keep, "sh", *engine.inside(spec)]
    assert side.start(spec, {KEY: "6d1f", "TOKEN": "t0"}, engine.env).status == 0
    until((side.folder() / "peers.json").exists, "it has listened", 10)
    assert side.read("peers.json")["problem"] == ""
    until(lambda: "TOKEN=t0" in side.log(), "the command has said", 10)
    for text in ((engine.folder / "env").read_text(), side.log()):
        assert "TOKEN=t0" in text
        assert KEY not in text
    assert not (side.folder() / "key").exists()
    assert "6d1f" not in "".join(each.read_text() for each in side.folder().iterdir() if each.is_file())
    assert engine.stop().status == 0


def of_a_rank(engine: Engine) -> Json:
    """Return a rank that beats, and takes the key for that."""
    peers = [{"rank": 1, "host": "spark2", "address": "127.0.0.2"}]
    beats = {"port": free_udp_port(), "address": "127.0.0.1", "peers": peers}
    return {**engine.spec(["sleep", "600"]), "beats": beats}


def test_an_engine_that_answers_late_keeps_nobody_from_the_key(side: Side, engine: Engine) -> None:
    """The rank runs before the engine says so; docker and podman do that on a loaded machine."""
    (engine.folder / "late").write_text(str(side.folder() / "inside.json"))
    assert side.start(of_a_rank(engine), {KEY: "6d1f"}, engine.env).status == 0
    until((side.folder() / "peers.json").exists, "it has listened", 10)
    assert side.read("peers.json")["problem"] == ""
    assert engine.stop().status == 0


def test_a_rank_that_nobody_hands_the_key_does_not_start(side: Side, engine: Engine) -> None:
    spec = of_a_rank(engine)
    lost = f'rm {side.folder() / "key"}; exec "$@"'
    spec["container"]["run"] = ["docker", "run", "sh", "-c", lost, "sh", *engine.inside(spec)]
    answer = side.start(spec, {KEY: "6d1f"}, engine.env)
    assert (answer.status, answer.value["error"]) == (NOT_STARTED, "container-failed")
    assert answer.value["message"] == ("the key of its beats was not handed over: No such file or directory")
    assert (engine.container, side.launches()) == (False, [])


def test_a_pipe_that_cannot_be_made_refuses_the_start(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    spec: Json = {"container": {"folders": [], "run": ["false"]}}
    told = container.run(str(tmp_path), spec, {KEY: "6d1f"}, Patience(9.0))
    assert told == {"error": "log-not-writable", "message": f"{tmp_path}/key: File exists"}


def test_who_starts_late_is_waited_for_and_who_gives_up_is_not(tmp_path: Path) -> None:
    spec = {"secrets": [KEY]}
    with ThreadPoolExecutor() as pool:
        offer = Offer(str(tmp_path), "6d1f")
        reads = pool.submit(taken, str(tmp_path), spec)
        with pytest.raises(TimeoutError):
            reads.result(1)
        with offer.standing():
            assert reads.result(5) == {KEY: "6d1f"}
        Offer(str(tmp_path), "6d1f")
        reads = pool.submit(taken, str(tmp_path), spec)
        with pytest.raises(TimeoutError):
            reads.result(1)
        (tmp_path / "key").unlink()
        with pytest.raises(NotHandedOver, match="given up"):
            reads.result(5)
    with pytest.raises(NotHandedOver, match="No such file"):
        taken(str(tmp_path), spec)
    assert taken(str(tmp_path), {"secrets": []}) == {}


def test_what_stands_where_the_pipe_was_is_not_written(tmp_path: Path) -> None:
    """Root of a container may put a link there."""
    offer = Offer(str(tmp_path), "6d1f")
    (tmp_path / "key").unlink()
    (tmp_path / "target").touch()
    (tmp_path / "key").symlink_to("target")
    assert not offer.give()
    (tmp_path / "key").unlink()
    (tmp_path / "key").touch()
    assert not offer.give()
    assert (tmp_path / "key").read_text() + (tmp_path / "target").read_text() == ""
    with offer.standing():
        pass
    assert not (tmp_path / "key").exists()


def test_ray_cannot_be_where_no_python_is(side: Side, engine: Engine) -> None:
    (engine.folder / "refusal").write_text('docker: exec: "python3": executable file not found in $PATH\n')
    answer = side.start(dict(engine.spec(["ray", "start"]), backend="ray"), env=engine.env)
    assert (answer.status, answer.value["error"]) == (NOT_STARTED, "command-not-found")
    assert answer.value["message"] == "ray: no python3 is on the PATH in there"
    assert not (engine.folder / "made").exists()
    assert side.launches() == []


@pytest.mark.parametrize(
    "mount", ["statfs /opt/venv/bin/python3: no such file or directory", "stat /x-python3: not found"]
)
def test_a_mount_that_is_missing_is_no_python(side: Side, engine: Engine, mount: str) -> None:
    (engine.folder / "refusal").write_text(f"Error: {mount}\n")
    answer = engine.start("echo", "up")
    assert (answer.status, answer.value["message"]) == (NOT_STARTED, f"Error: {mount}")
    assert side.launches() == []


def test_a_python_that_is_too_old(side: Side, engine: Engine) -> None:
    answer = start_as(engine, ["sh", "-c", f"echo '{OLD}' >&2; exit 1"], "echo", "up")
    note = "its python3 is too old or incomplete (3.8 needed): the container is looked after from outside"
    assert (answer.status, answer.value["note"]) == (0, note), answer
    assert side.ended()["status"] == 0
    assert side.log() == "up\n"


def test_an_end_at_once_whose_output_the_engine_does_not_keep(side: Side, engine: Engine) -> None:
    (engine.folder / "silent").touch()
    answer = start_as(engine, ["sh", "-c", "echo lost; exit 1"], "true")
    assert (answer.status, answer.value["message"]) == (NOT_STARTED, "it ended at once")
    log = side.root / "launches" / "a" / "log"
    answer = start_as(engine, ["sh", "-c", f"echo said >>{log}; exit 1"], "true")
    assert (answer.status, answer.value["message"]) == (NOT_STARTED, "said")


@pytest.mark.parametrize("hangs", [False, True], ids=["late", "never"])
def test_a_stop_while_a_container_without_python_is_made(side: Side, engine: Engine, *, hangs: bool) -> None:
    spec = engine.spec(["sleep", "600"])
    # It is held up from when Python was found to be too old.
    spec["container"]["run"] = ["docker", "run", "sh", "-c", f"touch {engine.folder}/held; echo '{OLD}'"]
    with ThreadPoolExecutor() as pool:
        start = pool.submit(side.start, spec, env=engine.env)
        until((engine.folder / "making").exists, "the engine is asked")
        os.kill(side.read("rank.json")["pid"], signal.SIGTERM)
        if not hangs:
            (engine.folder / "held").unlink()
        answer = start.result()
    said = "docker does not answer (asked to create)" if hangs else "it was stopped"
    assert (answer.status, answer.value["message"]) == (NOT_STARTED, said)
    assert answer.value.get("silent", False) is hangs
    (engine.folder / "held").unlink(missing_ok=True)
    assert engine.stop().status == 0
    assert side.launches() == []


def test_what_an_engine_says_against_a_container_that_runs(side: Side, engine: Engine) -> None:
    warning = "WARNING: Your kernel does not support swap limit capabilities. Limitation discarded."
    (engine.folder / "warning").write_text(f"{warning}\n")
    answer = engine.start("sleep", "600")
    assert (answer.status, answer.value["note"]) == (0, warning)
    assert engine.stop().status == 0


def test_who_may_not_enter_the_folder(side: Side, engine: Engine, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    spec = engine.spec(["true"]) | {"user": "65534:65534", "cwd": str(closed)}
    answer = side.start(spec, env=engine.env)
    said = f"the image's user 65534:65534 cannot enter its folder {closed}: Permission denied"
    assert (answer.value["error"], answer.value["message"]) == ("container-failed", said)
    spec = engine.spec(["true"]) | {"user": "99999999999"}
    answer = side.start(spec, env=engine.env)
    assert answer.value["error"] == "container-failed"
    assert answer.value["message"].startswith("nothing can run as the image's user 99999999999: ")
    assert side.launches() == []


def test_what_the_inside_says_is_two_words(side: Side, engine: Engine) -> None:
    """It is not told whom to signal, nor that a start has worked."""
    told = json.dumps({"problem": {"silent": True, "without": "x", "message": ["odd"], "note": "well"}})
    where = side.root / "launches" / "a" / "exit.json"
    answer = start_as(engine, ["sh", "-c", f"echo '{told}' >{where}"], "true")
    assert (answer.status, answer.value) == (
        NOT_STARTED,
        {"error": "container-failed", "message": "['odd']"},
    )
