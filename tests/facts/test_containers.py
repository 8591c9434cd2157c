"""Images and containers as Docker 20.10 and 26.1 and podman 4.3 told of them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.domain.build import inputs_in
from sparkup.domain.launch import Engine
from sparkup.facts.containers import (
    CONTAINERS,
    ContainerState,
    Image,
    fingerprint,
    image,
    parse_containers,
)

DOCKER, PODMAN = Engine.DOCKER, Engine.PODMAN


@pytest.mark.parametrize("case", ["docker_20", "docker_26"])
def test_an_image_that_docker_has(case: str) -> None:
    (engine, found), *others = image("odd:1").parse(answers("image", case)).items()
    assert (engine, others) == (DOCKER, [])
    assert found.id.startswith("sha256:")
    entrypoint, size = ("/usr/bin/env", "--"), 112292270
    assert found == Image(
        found.id, "amd64", "linux", "nobody", "/workspace", entrypoint, found.fingerprint, size
    )
    assert len(found.fingerprint) == 64


def test_an_image_that_podman_has() -> None:
    assert image("odd:1").parse(answers("image", "podman_4")).keys() == {PODMAN}


def inspected(case: str) -> dict[str, Any]:
    """Return what an engine told of an image."""
    told = answers("image", case)["podman" if "podman" in case else "docker"]["out"]
    found: dict[str, Any] = json.loads(told)[0]
    return found


@pytest.mark.parametrize("case", ["docker_20", "docker_26", "podman_4"])
def test_what_differs_where_the_same_bytes_run_is_not_in_the_fingerprint(case: str) -> None:
    found = inspected(case)
    config = found["Config"] | {"Labels": {"a": "b"}, "Image": "sha256:2", "Hostname": "h"}
    other = {"Id": "sha256:1", "Created": "never", "Comment": "", "RepoTags": ["other:2"], "Config": config}
    assert fingerprint(found | other) == fingerprint(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"Env": ["PATH=/bin"]},
        {"Cmd": ["sh"]},
        {"Entrypoint": None},
        {"User": "root"},
        {"WorkingDir": "/"},
    ],
)
def test_what_decides_how_an_image_runs_is_in_its_fingerprint(changed: dict[str, Any]) -> None:
    found = inspected("docker_26")
    assert fingerprint(found | {"Config": found["Config"] | changed}) != fingerprint(found)


def test_other_bytes_or_another_platform_have_another_fingerprint() -> None:
    found = inspected("docker_26")
    others = [{"RootFS": inspected("docker_20")["RootFS"]}, {"Architecture": "arm64"}, {"Os": "windows"}]
    assert len({fingerprint(found | other) for other in ({}, *others)}) == 4


def test_what_engines_write_differently_is_the_same() -> None:
    """Docker says null or leaves out what is empty; podman leaves it out."""
    found = inspected("podman_4")
    config = found["Config"] | {"Env": None, "Entrypoint": None, "User": "", "WorkingDir": ""}
    assert fingerprint(found | {"Config": config}) == fingerprint(found)


def test_without_layers_nothing_is_known_of_the_content() -> None:
    assert fingerprint(inspected("docker_26") | {"RootFS": None}) == ""


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


def test_an_image_of_ours_says_what_it_was_built_from_and_that_is_not_recorded() -> None:
    """Addresses of repositories are in it, which may have passwords in them."""
    told = json.loads(answers("images", "docker_26")["docker images"]["out"])
    ours = next(each for each in told if "vllm-node-cpu:latest" in each["RepoTags"])
    fact, whole = image("vllm-node-cpu"), {"docker": {"out": json.dumps([ours])}, "podman": {"out": ""}}
    found = fact.parse(whole)[DOCKER]
    assert inputs_in(found.labels["sparkup.inputs"]) is not None
    assert (found.size, fact.recorded is not None) == (ours["Size"], True)
    kept = fact.recorded(whole) if fact.recorded else whole
    assert fact.parse(kept) == {DOCKER: replace(found, labels={})}
    assert "github.com" not in json.dumps(kept)


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
