"""Ranks in containers on two hosts: images that are missing or differ, and a rank whose folder is gone."""

import json
import time
from collections.abc import Iterator

import pytest
from tests.docked import IMAGE, STATE
from tests.docked_fixture import E2E
from tests.e2e.pairs import NODES, SERVE, Pair
from tests.waiting import until

pytestmark = [*E2E, pytest.mark.parametrize("pair", ["docker_20_pair", "podman_4_pair"], indirect=True)]
FOLDER = f"{STATE}/launches/vllm_node"
OTHER = "other:1"


@pytest.fixture
def other(pair: Pair) -> Iterator[Pair]:
    """Somebody whose first host has an image that the second lacks."""
    pair.hosts.exec(1, [pair.engine, "tag", IMAGE, OTHER])
    yield pair
    for number in (1, 2):
        pair.hosts.exec(number, [pair.engine, "rmi", OTHER], check=False)


def refused(there: Pair) -> str:
    """Launch with that image and return why it was refused."""
    words = [OTHER if word == IMAGE else word for word in there.options]
    engine = () if "--engine" in words else ("--engine", there.engine)
    done = there.user.run("launch", *NODES, *engine, *words, "--", *SERVE)
    assert done.status in (2, 5), done
    there.nothing_is_left()
    return done.err


def test_an_image_that_one_host_lacks(other: Pair) -> None:
    said = refused(other)
    assert f"error [spark2]: {other.engine} has no image {OTHER}" in said
    assert "[spark1]" not in said


def test_an_image_that_is_another_one_on_one_host(other: Pair) -> None:
    engine = other.engine
    other.hosts.exec(2, [engine, "create", "--name", "made", IMAGE, "true"])
    other.hosts.exec(2, [engine, "commit", "-c", "ENV OTHER=1", "made", OTHER])
    other.hosts.exec(2, [engine, "rm", "made"])
    said = refused(other)
    assert f"{OTHER} is not the same on all hosts: " in said
    assert f"{engine} save {OTHER} | ssh HOST {engine} load" in said


@pytest.mark.parametrize("words", [("launch", "--backend", "ray"), ("start",)], ids=" ".join)
def test_an_image_without_ray_is_told_at_once(pair: Pair, words: tuple[str, ...]) -> None:
    """The head is not waited for, nor is its rank's own end: the program is missed before any begins."""
    command = () if "start" in words else ("--", *SERVE)
    begun = time.monotonic()
    done = pair.user.run(*words, *NODES, *pair.options, *command)
    assert time.monotonic() - begun < 20
    assert done.status == 5, done
    said = f"ranks are to meet through Ray, and the image {IMAGE} has none (ray-not-found)"
    assert f"]: {said}" in done.err
    assert "--backend mp" in done.err
    pair.nothing_is_left()


def test_the_key_of_the_beats_is_no_variable_of_a_container(pair: Pair) -> None:
    pair.launch()

    def heard(number: int) -> bool:
        peers = json.loads(pair.hosts.exec(number, ["cat", f"{FOLDER}/peers.json"]).stdout)
        return peers["problem"] == "" and all(each["silent"] is not None for each in peers["peers"])

    for number in (1, 2):
        until(lambda number=number: heard(number), "the other is heard", 10)  # type: ignore[misc]
        assert "BEAT" not in pair.hosts.exec(number, [pair.engine, "inspect", "vllm_node"]).stdout
        assert "key" not in pair.hosts.exec(number, ["ls", FOLDER]).stdout.split()
    done = pair.user.run("exec", "--all", *NODES, "--", "env")
    assert ("NCCL_IGNORE_CPU_AFFINITY" in done.out, "BEAT" in done.out) == (True, False)


@pytest.mark.parametrize("number", [1, 2])
def test_a_rank_whose_folder_is_gone_is_one_of_its_launch(pair: Pair, number: int) -> None:
    """Whichever it is, the head or the other: it is seen, and ended with the others, from either host."""
    pair.launch()
    pair.hosts.exec(number, ["rm", "-r", FOLDER])
    host, other = f"spark{number}", f"spark{3 - number}"
    found = pair.user.json("status", *NODES)
    rows = {row["host"]: row for row in found["launches"]}
    assert {name: row["rank"] for name, row in rows.items()} == {"spark1": 0, "spark2": 1}
    assert (rows[host]["phase"], rows[host]["container"]) == ("orphaned", "running")
    assert rows[other]["phase"] in ("ready", "running")
    (whole,) = found["wholes"]
    assert whole["nodes"] == ["spark1", "spark2"]
    assert "orphaned (running)" in pair.user.run("status", *NODES).out
    alone = pair.user.json("status", "-n", host)["launches"]
    assert [(row["rank"], row["phase"]) for row in alone] == [(number - 1, "orphaned")]
    assert pair.user.run("exec", *NODES, "--rank", str(number - 1), "--", "true").status == 0
    assert pair.user.run("stop", "vllm_node", "-n", other).status == 0
    pair.nothing_is_left()
