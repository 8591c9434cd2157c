"""What -p, -v and a model's path come to, with the real docker."""

import re

import pytest
from tests.docked import MODEL, Docked

OTHER = "/root/other"
SERVE = ("--", "vllm", "serve", MODEL, "--served-model-name", "tiny")


def test_a_server_behind_a_published_port(contained: Docked) -> None:
    done = contained.run("launch", "--json", "-p", "9123:8000", "--non-privileged", *SERVE)
    assert done.status == 0, done
    answer = done.json
    assert answer["url"] == "http://127.0.0.1:9123"
    assert '"tiny"' in contained.there("curl", "-s", f"{answer['url']}/v1/models")
    row = contained.row()
    assert (row["phase"], row["health"], row["model"]) == ("ready", 200, "tiny")
    report = contained.json("stop")["launches"][0]
    assert (report["port"], report["port_free"]) == (9123, True)
    contained.nothing_is_left()


def test_a_published_port_that_is_held_is_refused_before_anything_starts(contained: Docked) -> None:
    with contained.holding(9124):
        done = contained.run("launch", "-p", "9124:8000", *SERVE)
    assert (done.status, "port 9124 is held by" in done.err) == (5, True), done
    contained.nothing_is_left()


@pytest.mark.parametrize("mounts", [(), ("-v", f"{OTHER}:/models/x")])
def test_a_model_of_the_host_is_seen(dock: Docked, mounts: tuple[str, ...]) -> None:
    dock.there("mkdir", "-p", OTHER)
    dock.there("tee", f"{OTHER}/config.json", given="{}")
    model = "/models/x" if mounts else OTHER
    words = ("launch", "-d", *mounts, "--json", "--", "vllm", "serve", model, "--served-model-name", "tiny")
    done = dock.run(*words)
    assert done.status == 0, done
    seen = dock.run("exec", "--", "cat", f"{model}/config.json")
    assert (seen.status, seen.out) == (0, "{}"), seen
    assert dock.run("exec", "--", "touch", f"{OTHER}/x").status != 0
    assert dock.run("stop").status == 0
    done = dock.run("launch", "--dry-run", *mounts, "--", "vllm", "serve", f"{model}/none", env={})
    expected = 2 if mounts else 0  # what no mount has may be in the image
    assert (done.status, f"{OTHER}/none" in done.out + done.err) == (expected, True), done
    dock.nothing_is_left()


def test_a_gpu_is_given_where_there_is_one(dock: Docked) -> None:
    """The stand-in of the testbed: docker takes --gpus, and a hook puts nvidia-smi into the container."""
    assert dock.run("launch", "--", "nvidia-smi", "-L").status == 2
    dock.there("touch", "/dev/nvidiactl")
    try:
        done = dock.run("launch", "--", "nvidia-smi", "-L")
    finally:
        dock.there("rm", "/dev/nvidiactl")
    assert (done.status, "NVIDIA GB10" in done.out) == (0, True), done
    dock.nothing_is_left()


def test_a_limit_of_memory_that_kills_is_told(dock: Docked) -> None:
    limits = ("--non-privileged", "--mem-limit-gb", "1", "--mem-swap-limit-gb", "1")
    done = dock.run("launch", *limits, "--", "python3", "-c", "bytearray(1500 << 20)")
    assert (done.status, "its limit of memory was reached" in done.err) == (137, True), done
    dock.nothing_is_left()


def test_words_for_docker_and_a_volume(dock: Docked) -> None:
    options = ("-v", "kept:/kept", "--engine-args", "--label home=$HOME --hostname odd")
    done = dock.run("launch", *options, "--", "sh", "-c", "hostname; grep -c ' /kept ' /proc/mounts")
    assert (done.status, done.out) == (0, "odd\n1\n"), done
    assert dock.there("docker", "volume", "ls", "-q").split() == ["kept"]
    dock.there("docker", "volume", "rm", "kept")
    assert "--label home=/root" in dock.run("launch", "--dry-run", *options, "--", "true").out
    dock.nothing_is_left()


def test_an_offline_plan_is_the_same_and_nothing_is_asked(dock: Docked) -> None:
    words = ("-v", f"{MODEL}:/models/x", "-p", "9125:8000", "--", "vllm", "serve", "/models/x")
    live = dock.run("launch", "--dry-run", *words)
    offline = dock.run("launch", "--dry-run", "--offline", *words)
    assert (live.status, offline.status) == (0, 0), offline
    said = [re.sub(r"(attempt[= ])\w+", r"\1", done.out) for done in (live, offline)]
    assert set(said[1].splitlines()) <= set(said[0].splitlines())
    assert "docker run" in offline.out
    other = dock.run("launch", "--dry-run", "--offline", "-t", "never-asked-for", "--", "true")
    assert (other.status, "not all was recorded of spark1: image never-asked-for" in other.err) == (2, True)
