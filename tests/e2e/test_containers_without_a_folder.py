"""A container whose launch has no folder in the state any more: its labels tell of it, and whose it is."""

import subprocess
from pathlib import Path

import pytest
from tests.docked import Docked, docked
from tests.waiting import until

BUSYBOX = Path("/bin/busybox")
BARE = """
set -e
mkdir -p /root/plain/bin && cd /root/plain
cat > bin/busybox && chmod +x bin/busybox
for each in sh sleep; do ln -sf busybox bin/$each; done
tar -c . | docker import - plain:2
"""
pytestmark = [pytest.mark.e2e, pytest.mark.simhosts]


def folder_is_deleted(dock: Docked, name: str = "vllm_node") -> None:
    """Delete the folder of a launch."""
    dock.there("rm", "-r", f"{dock.state_there}/launches/{name}")


def test_its_folder_is_deleted_while_it_runs(contained: Docked) -> None:
    """Only its container tells of it, and it can be looked at, entered, read and stopped all the same."""
    contained.launched()
    log = contained.run("logs").out
    folder_is_deleted(contained)
    row = contained.row()
    assert (row["phase"], row["container"], row["engine"]) == ("orphaned", "running", contained.engine)
    assert row["image"].endswith("base:1")
    assert (row["owner"], row["log"], row["argv"]) == (0, "", [])
    assert [each["name"] for each in contained.json("status", "vllm_node")["launches"]] == ["vllm_node"]
    assert "orphaned (running)" in contained.run("status").out
    done = contained.run("exec", "vllm_node", "--", "sh", "-c", "echo $PATH; exit 7")
    assert (done.status, "fakes/bin" in done.out) == (7, True), done
    assert contained.run("logs").out.splitlines()[:20] == log.splitlines()[:20]
    assert len(contained.run("logs", "--tail", "2", "vllm_node").out.splitlines()) == 2
    done = contained.run("launch", "--name", "vllm_node", *contained.serve())
    assert done.status == 5, done
    assert "vllm_node is a launch whose folder is gone" in done.err
    report = contained.json("stop", "vllm_node")["launches"][0]
    assert report["processes"] >= 3
    contained.nothing_is_left()
    assert contained.run("stop", "vllm_node").status == 2
    contained.launched()
    assert contained.row()["phase"] == "ready"


@pytest.mark.parametrize("words", [("stop",), ("stop", "--all")])
def test_what_has_no_folder_is_stopped_with_the_rest(contained: Docked, words: tuple[str, ...]) -> None:
    for name in ("aa", "bb"):
        assert contained.run("launch", "-d", "--name", name, "--", "sleep", "600").status == 0
    folder_is_deleted(contained, "aa")
    if "--all" not in words:
        done = contained.run("stop")
        assert done.status == 2, done
        assert "there are several launches: aa, bb" in done.err
        assert contained.run("stop", "bb").status == 0
    assert contained.run(*words).status == 0
    contained.nothing_is_left()


def test_its_folder_is_deleted_and_the_power_is_cut(contained: Docked) -> None:
    contained.launched()
    folder_is_deleted(contained)
    assert contained.bed is not None
    contained.bed.kill(1)
    contained.bed.up(1)
    until(lambda: contained.there(contained.engine, "version", check=False), "the engine is back")
    row = contained.row()
    state = row["container"]
    assert (row["phase"], state in ("exited", "created")) == ("orphaned", True)  # the latter is podman's
    done = contained.run("exec", "vllm_node", "--", "true")
    assert (done.status, f"does not run ({state})" in done.err) == (2, True), done
    assert "Application startup complete" in contained.run("logs").out
    assert contained.run("stop").status == 0
    contained.nothing_is_left()


def test_an_image_without_python_whose_folder_is_deleted(dock: Docked) -> None:
    """Its supervisor is on the host, and ends with it."""
    if not BUSYBOX.exists():
        pytest.skip("there is no busybox here")
    assert dock.bed is not None
    with BUSYBOX.open("rb") as file:
        subprocess.run(dock.bed.argv(1, ["sh", "-c", BARE]), stdin=file, check=True, timeout=60)
    loop = "echo out; echo err >&2; while :; do sleep 1; done"
    done = dock.run("launch", "-d", "-t", "plain:2", "--name", "aa", "--", "sh", "-c", loop)
    assert done.status == 0, done
    until(lambda: "err" in dock.run("logs", "aa").out, "it has printed")
    folder_is_deleted(dock, "aa")
    assert dock.row("aa")["phase"] == "orphaned"
    assert sorted(dock.run("logs", "aa").out.splitlines()) == ["err", "out"]
    assert dock.run("stop", "aa").status == 0
    dock.nothing_is_left()


def test_another_users_without_a_folder(dock: Docked, tmp_path: Path) -> None:
    """The daemon is shared by all who may use it; what they have launched is not."""
    assert dock.bed is not None
    dock.there("usermod", "-aG", "docker", "spark")
    state = "/home/spark/.local/state/sparkup"
    with docked(dock.bed, tmp_path / "spark", "spark@spark1", state) as spark:
        assert spark.run("launch", "-d", "--name", "theirs", "--", "sleep", "600").status == 0
        folder_is_deleted(spark, "theirs")
        uid = int(dock.there("id", "-u", "spark"))
        row = dock.row("theirs")
        assert (row["phase"], row["owner"], row["argv"]) == ("hidden", uid, [])
        assert spark.row("theirs")["phase"] == "orphaned"
        for words in (("stop", "theirs"), ("exec", "theirs", "--", "true")):
            done = dock.run(*words)
            assert (done.status, "(not-yours)" in done.err) == (5, True), done
        assert dock.run("stop", "--all").out == "nothing was running\n"
        assert dock.run("stop").status == 2
        assert dock.containers() == ["theirs running"]
        assert spark.run("stop").status == 0
        spark.nothing_is_left()
