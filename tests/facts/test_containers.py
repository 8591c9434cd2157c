"""Images and containers as Docker 20.10 and 26.1 and podman 4.3 told of them."""

import json

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.domain.launch import Engine
from sparkup.facts.containers import CONTAINERS, ContainerState, Image, image, parse_containers

DOCKER, PODMAN = Engine.DOCKER, Engine.PODMAN


@pytest.mark.parametrize("case", ["docker_20", "docker_26"])
def test_an_image_that_docker_has(case: str) -> None:
    (engine, found), *others = image("odd:1").parse(answers("image", case)).items()
    assert (engine, others) == (DOCKER, [])
    assert found.id.startswith("sha256:")
    assert found == Image(found.id, "amd64", "linux", "nobody", "/workspace", ("/usr/bin/env", "--"))


def test_an_image_that_podman_has() -> None:
    assert image("odd:1").parse(answers("image", "podman_4")).keys() == {PODMAN}


@pytest.mark.parametrize("case", ["absent_20", "absent_26", "absent_podman_4"])
def test_an_image_that_nobody_has(case: str) -> None:
    assert image("nonesuch:1").parse(answers("image", case)) == {}


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "[1]", '[{"Id": "x"}]'])
def test_an_answer_that_tells_of_no_image(text: str) -> None:
    told = {**answers("image", "docker_20"), "docker": {"out": text}}
    assert image("i").parse(told) == {}


def test_an_image_that_says_nothing_of_itself() -> None:
    out = json.dumps([{"Id": "sha256:1", "Architecture": "arm64", "Os": "linux", "Config": None}])
    told = {**answers("image", "docker_20"), "docker": {"out": out}}
    assert image("i").parse(told) == {DOCKER: Image("sha256:1", "arm64", "linux")}


@pytest.mark.parametrize("case", cases("image"))
def test_of_an_image_nothing_private_is_recorded(case: str) -> None:
    fact, whole = image("odd:1"), answers("image", case)
    for answer in whole.values():
        answer["out"] = answer["out"].replace('"PATH=', '"HF_TOKEN=hf_9a8b PATH=')
    assert fact.recorded is not None
    kept = fact.recorded(whole)
    assert fact.parse(kept) == fact.parse(whole)
    assert "hf_9a8b" not in json.dumps(kept)
    assert len(json.dumps(kept)) < 1000


def test_an_image_that_was_never_asked_for_is_not_taken_for_one_that_is_not_there() -> None:
    assert image("i").unknown is None


@pytest.mark.parametrize("case", ["docker_20", "docker_26"])
def test_containers_of_docker_in_every_state(case: str) -> None:
    found = {each.name: each for each in CONTAINERS.parse(answers("containers", case))}
    states = {name: found[name].state for name in ("held", "made", "gone", "up")}
    assert states == {"held": "paused", "made": "created", "gone": "exited", "up": "running"}
    folder = "/var/lib/sparkup/launches/up"
    whole = ContainerState(DOCKER, found["up"].id, "running", "up", "up", "a1", "base:1", 0, folder)
    assert found["up"] == whole
    assert (found["theirs"].owner, found["theirs"].folder.split("/")[2]) == (1000, "spark")
    plain = found["plain"]
    assert (plain.launch, plain.attempt, plain.owner, plain.folder) == ("", "", -1, "")
    assert len(found["up"].id) == 64


def test_containers_of_podman_tell_their_labels_too() -> None:
    found = {each.name: each for each in CONTAINERS.parse(answers("containers", "podman_4"))}
    assert (found["up"].engine, found["up"].state, found["up"].attempt) == (PODMAN, "running", "a1")
    assert (found["held"].state, found["plain"].launch) == ("paused", "")
    assert (found["theirs"].owner, found["theirs"].folder.split("/")[2]) == (1000, "spark")


def test_a_line_that_is_none() -> None:
    assert list(parse_containers("WARNING: something\n", DOCKER)) == []
