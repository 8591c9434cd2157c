"""What a container has of its host: volumes without a name, paths from the home, caches that are gone."""

from pathlib import Path

import pytest
from tests.docked import MODEL, Docked, docked

# As Debian's podman-docker has it.
SHIM = """#!/bin/sh
echo "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg." >&2
exec /usr/bin/podman "$@"
"""


def volumes(dock: Docked) -> list[str]:
    return dock.there(dock.engine, "volume", "ls", "--quiet").split()


def test_volumes_without_a_name_go_with_their_launch(contained: Docked) -> None:
    before = volumes(contained)
    words = ("--engine-args", "-v /anonymous", "-v", "kept:/kept")
    assert contained.run("launch", *words, "--", "touch", "/kept/x").status == 0
    assert contained.run("launch", "-d", *words, "--", "sleep", "600").status == 0
    assert contained.run("stop").status == 0
    assert volumes(contained) == sorted([*before, "kept"])
    contained.there(contained.engine, "volume", "rm", "kept")
    contained.nothing_is_left()


def test_a_path_above_the_home_there(contained: Docked) -> None:
    contained.there("mkdir", "-p", "/above")
    contained.there("tee", "/above/x", given="seen\n")
    for source, inside in (("../above", "/m/x"), ("..", "/m/above/x")):
        done = contained.run("launch", "-v", f"{source}:/m:ro", "--", "cat", inside)
        assert (done.status, done.out) == (0, "seen\n"), done
    contained.there("rm", "-r", "/above")
    contained.nothing_is_left()


def test_a_model_above_the_home_there(contained: Docked) -> None:
    contained.there("cp", "-r", MODEL, "/above")
    assert contained.run("launch", "-d", "--", "vllm", "serve", "../above").status == 0
    assert contained.run("stop").status == 0
    contained.there("rm", "-r", "/above")
    contained.nothing_is_left()


def test_a_cache_whose_disk_is_not_mounted(contained: Docked) -> None:
    contained.there(
        "sh", "-c", "mkdir -p /root/.triton; mv /root/.triton /root/kept; ln -s /mnt/no/triton /root/.triton"
    )
    done = contained.run("launch", "--", "true")
    contained.there("sh", "-c", "rm /root/.triton; mv /root/kept /root/.triton")
    said = "no cache /root/.triton to mount: /root/.triton is a link to /mnt/no/triton, which is not there"
    assert (done.status, said in done.err) == (2, True), done
    contained.nothing_is_left()


def test_a_folder_above_the_caches_has_its_own(contained: Docked) -> None:
    contained.there("mkdir", "-p", "/srv/cache/vllm")
    contained.there("touch", "/srv/cache/vllm/mine")
    done = contained.run("launch", "-v", "/srv/cache:/root/.cache", "--", "ls", "/root/.cache/vllm")
    assert (done.status, done.out) == (0, "mine\n"), done
    contained.there("rm", "-r", "/srv/cache")
    contained.nothing_is_left()


def test_root_in_the_container_has_to_read_what_is_the_users(dock: Docked, tmp_path: Path) -> None:
    assert dock.bed is not None
    words = ("--non-privileged", "--engine-args", "--cap-drop ALL", "--", "true")
    assert dock.run("launch", *words).status == 0  # here it is root's own
    state = "/home/spark/.local/state/sparkup"
    with docked(dock.bed, tmp_path / "spark", "spark@spark1", state) as spark:
        done = spark.run("launch", *words)
        assert (done.status, "leave ALL and DAC_OVERRIDE of --cap-drop out" in done.err) == (2, True), done
        spark.nothing_is_left()


@pytest.mark.e2e
@pytest.mark.parametrize("contained", ["podman_4"], indirect=True)
def test_a_docker_that_is_podman_by_another_name(contained: Docked) -> None:
    contained.there("tee", "/usr/local/bin/docker.shim", given=SHIM)
    contained.there(
        "sh", "-c", "cd /usr/local/bin; chmod +x docker.shim; mv docker docker.kept; mv docker.shim docker"
    )
    try:
        done = contained.run("launch", "--engine", "docker", "--", "true")
        assert (done.status, "docker there is podman by another name" in done.err) == (5, True), done
        assert contained.run("launch", "--", "true").status == 0
    finally:
        contained.there("mv", "/usr/local/bin/docker.kept", "/usr/local/bin/docker")
    contained.nothing_is_left()


def test_one_that_is_paused_cannot_be_entered(contained: Docked) -> None:
    assert contained.run("launch", "-d", "--", "sleep", "600").status == 0
    contained.there(contained.engine, "pause", "vllm_node")
    done = contained.run("exec", "--", "true")
    hint = f"let it go on: {contained.engine} unpause vllm_node"
    assert (done.status, hint in done.err) == (2, True), done
    assert contained.run("stop").status == 0
    contained.nothing_is_left()
