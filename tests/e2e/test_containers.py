"""A launch in a container of the real engines, from its start to its end."""

import hashlib
import subprocess

from tests.docked import IMAGE, Docked


def test_from_launch_to_stop(contained: Docked) -> None:
    answer = contained.launched()
    row = contained.row()
    found = (row["phase"], row["engine"], row["health"], row["model"])
    assert found == ("ready", contained.engine, 200, "tiny")
    log = contained.run("logs")
    assert "Application startup complete" in log.out
    shown = contained.there(contained.engine, "logs", "vllm_node")
    assert log.out.splitlines()[:20] == shown.splitlines()[:20]
    done = contained.run("exec", "--", "sh", "-c", "echo $PATH; exit 7")
    assert (done.status, "fakes/bin" in done.out) == (7, True), done
    with contained.running("logs", "-f") as follower:
        follower.expect("Application startup complete")
        report = contained.json("stop")["launches"][0]
        assert follower.done().status == 0
    assert (report["port"], report["port_free"]) == (answer["port"], True)
    assert report["processes"] >= 3
    contained.nothing_is_left()
    assert contained.run("logs", "vllm_node").out.splitlines()[:20] == log.out.splitlines()[:20]


def test_what_a_command_prints_arrives_byte_for_byte(dock: Docked) -> None:
    written, copy = "/root/written", dock.home / "copy"
    make = f"printf '\\377\\r\\n1%%\\r2%%' >{written}; head -c 5000000 /dev/urandom >>{written}"
    dock.there("sh", "-c", make)
    words = dock.argv(
        "launch", "--host", dock.login, "-t", IMAGE, "-v", f"{written}:/in:ro", "--", "cat", "/in"
    )
    with copy.open("wb") as out:
        subprocess.run(words, env=dock.environment, stdout=out, check=True, timeout=120)
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    assert dock.there("sha256sum", written).split()[0] == digest
    dock.nothing_is_left()


def test_an_attached_command(contained: Docked) -> None:
    done = contained.run("launch", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.status, done.out) == (3, "out\nerr\n"), done
    contained.nothing_is_left()
    with contained.running("launch", "--", "sh", "-c", "echo up; exec sleep 600") as command:
        command.expect("up")
        command.signal()
        assert command.done().status == 130
    contained.nothing_is_left()
