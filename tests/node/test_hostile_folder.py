"""Whoever is root in a container writes in its launch's folder: that leads nobody astray on the host."""

import json
import os
from pathlib import Path

import pytest
from tests.node.side import Side
from tests.node.test_container import NOT_STARTED, Engine


@pytest.fixture
def engine(side: Side, tmp_path: Path) -> Engine:
    """An engine that works."""
    return Engine(side, tmp_path / "engine")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the host that is not for containers."""
    file = tmp_path / "secret"
    file.write_text('{"secret": 1}\n')
    return file


def test_what_is_no_engine_is_not_run(side: Side, engine: Engine, tmp_path: Path) -> None:
    assert engine.start("true").status == 0
    side.ended()
    evil = tmp_path / "evil"
    evil.write_text("#!/bin/sh\ntouch $0.ran\n")
    evil.chmod(0o755)
    spec = side.read("spec.json")
    (side.folder() / "spec.json").write_text(json.dumps(spec | {"engine": str(evil)}))
    answer = engine.start("true")
    assert (answer.status, answer.value["message"]) == (NOT_STARTED, f"'{evil}' is no container engine")
    engine.stop()
    assert not Path(f"{evil}.ran").exists()


def test_rank_json_stays_the_file_that_is_mounted(side: Side, engine: Engine) -> None:
    """Were it replaced, the kernel would undo its mount in the container, where it could be written then."""
    file = side.root / "launches" / "a" / "rank.json"
    spec = engine.spec(["sleep", "600"])
    look = f'stat -c %i {file} >{engine.folder}/inode; exec "$@"'
    spec["container"]["run"] = ["docker", "run", "sh", "-c", look, "sh", *engine.inside(spec)]
    answer = side.start(spec, env=engine.env)
    assert answer.status == 0
    assert int((engine.folder / "inode").read_text()) == file.stat().st_ino
    assert side.read("rank.json") == answer.value["started"]
    assert "starting" not in answer.value["started"]
    assert engine.stop().status == 0


@pytest.mark.parametrize("file", ["log", "log.1", "log.index"])
@pytest.mark.parametrize("words", [(), ("--tail", "5"), ("--since", "1"), ("--timed",), ("--from-ready",)])
def test_no_link_is_followed_to_another_log(
    side: Side, secret: Path, file: str, words: tuple[str, ...]
) -> None:
    side.started(["echo", "up"])
    side.ended()
    (side.folder() / file).unlink(missing_ok=True)
    (side.folder() / file).symlink_to(secret)
    done = side.run(side.on("logs", "a", *words))
    assert "secret" not in f"{done.value}{done.stderr}"
    assert "Traceback" not in done.stderr


def test_no_pipe_holds_us_up(side: Side) -> None:
    side.started(["echo", "up"])
    side.ended()
    for file in ("log", "exit.json", "look.json"):
        (side.folder() / file).unlink()
        os.mkfifo(side.folder() / file)
    assert side.run(side.on("logs", "a")).status == 0
    assert side.run(side.on("ready", "a")).value == {"state": "ended", "exit": None}
    assert side.stop().status == 0


def test_no_link_is_followed_to_what_is_read_or_made(side: Side, secret: Path, tmp_path: Path) -> None:
    side.started(["echo", "up"])
    side.ended()
    for file, target in (("exit.json", secret), ("end", tmp_path / "made")):
        (side.folder() / file).unlink(missing_ok=True)
        (side.folder() / file).symlink_to(target)
    assert side.run(side.on("ready", "a")).value == {"state": "ended", "exit": None}
    nested = "[" * 100_000
    (side.folder() / "exit.json").unlink()
    (side.folder() / "exit.json").write_text(nested)
    assert side.run(side.on("ready", "a")).value == {"state": "ended", "exit": None}
    assert side.stop().status == 0
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "look", ['{"state": "ready", "offset": "x"}', '{"offset": -1, "state": "ready"}', "{}"]
)
def test_what_is_no_look_is_none(side: Side, look: str) -> None:
    side.started(["sleep", "600"])
    (side.folder() / "look.json").write_text(look)
    assert side.run(side.on("ready", "a")).value == {"state": "not-yet"}
    done = side.run(side.on("logs", "a", "--from-ready"))
    assert (done.status, done.stderr) == (0, "")
    assert side.stop().status == 0
