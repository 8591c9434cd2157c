"""All images of a host as Docker 20.10 and 26.1, with either of its stores, and podman 4.3 told of them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.domain.build import LABEL_INPUTS, LABEL_VARIANT, Inputs
from sparkup.domain.image import DiskUse
from sparkup.domain.launch import Engine
from sparkup.facts.images import DISK_USE, IMAGES, StoredImage, parse_size

STORES = [
    ("docker_20_podman_4", Engine.DOCKER),
    ("docker_20_podman_4", Engine.PODMAN),
    ("docker_26", Engine.DOCKER),
    ("containerd_26", Engine.DOCKER),
]
NAMES = {
    "base:1",
    "reg.example:5000/them/theirs:5",
    "theirs:5",
    "vllm-node-cpu:candidate-0123abcd",
    "vllm-node-cpu:latest",
    "vllm-node-cpu:previous",
}


def told(case: str, engine: Engine) -> list[StoredImage]:
    return [each for each in IMAGES.parse(answers("images", case)).images if each.engine is engine]


def named(case: str, engine: Engine) -> Mapping[str, StoredImage]:
    return {name: each for each in told(case, engine) for name in each.names}


@pytest.mark.parametrize(("case", "engine"), STORES)
def test_images_have_the_same_names_in_every_engine(case: str, engine: Engine) -> None:
    assert named(case, engine).keys() == NAMES
    assert len([each for each in told(case, engine) if not each.tags]) == 2


@pytest.mark.parametrize(("case", "engine"), STORES)
def test_what_a_build_has_written_into_an_image_is_told(case: str, engine: Engine) -> None:
    found = named(case, engine)
    ours = found["vllm-node-cpu:latest"]
    assert ours.labels[LABEL_VARIANT] == "cpu"
    assert Inputs.parse(json.loads(ours.labels[LABEL_INPUTS])).pull_requests[1].number == 777
    assert found["theirs:5"].labels == {}
    assert ours.platform == "linux/amd64"
    assert "A=1" in ours.config["Env"]
    assert ours.config["Cmd"] == ["busybox"]


@pytest.mark.parametrize(("case", "engine"), STORES)
def test_who_uses_an_image_is_told_running_or_not(case: str, engine: Engine) -> None:
    found = named(case, engine)
    assert found["vllm-node-cpu:latest"].used_by == ("up",)
    assert found["theirs:5"].used_by == ("made",)
    assert found["vllm-node-cpu:previous"].used_by == ()


@pytest.mark.parametrize(("case", "engine"), STORES)
def test_each_image_has_a_content_of_its_own(case: str, engine: Engine) -> None:
    found = told(case, engine)
    assert len({each.fingerprint for each in found}) == len(found) == 7
    base, ours = (named(case, engine)[name] for name in ("base:1", "vllm-node-cpu:latest"))
    assert ours.layers[: len(base.layers)] == base.layers
    assert len(ours.layers) > len(base.layers)
    assert ours.size > 1 << 20


def test_docker_tells_when_an_image_got_its_name_and_podman_does_not() -> None:
    for case, engine in STORES:
        image = named(case, engine)["vllm-node-cpu:latest"]
        assert image.created is not None
        assert (image.named is None) == (engine is Engine.PODMAN)
        assert image.created > 1_700_000_000


def test_names_are_kept_as_the_engine_writes_them() -> None:
    for engine, tag in ((Engine.DOCKER, "theirs:5"), (Engine.PODMAN, "localhost/theirs:5")):
        image = named("docker_20_podman_4", engine)["theirs:5"]
        assert image.called("theirs:5") == tag
        assert image.called("theirs:6") == ""


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("denied_20", "permission denied while trying to connect"),
        ("denied_26", "permission denied while trying to connect"),
        ("down_26", "Cannot connect to the Docker daemon"),
    ],
)
def test_an_engine_that_does_not_answer_is_none_without_images(case: str, said: str) -> None:
    found = IMAGES.parse(answers("images", case))
    assert found.images == ()
    assert found.silent.keys() == {Engine.DOCKER}
    assert found.silent[Engine.DOCKER].startswith(said)


def changed(**answer: object) -> dict[str, Any]:
    """Return what docker 26 had told, with another answer to the question for its images."""
    whole = answers("images", "docker_26")
    return {**whole, "docker images": {**whole["docker images"], **answer}}


def test_an_engine_without_images_is_not_silent() -> None:
    found = IMAGES.parse(changed(out=""))
    assert (found.images, found.silent) == ((), {})


def test_an_engine_that_took_too_long_is_silent() -> None:
    found = IMAGES.parse(changed(status=None, out="", timeout=True))
    assert found.silent == {Engine.DOCKER: "no answer in time"}


def test_an_image_that_went_between_two_questions_keeps_none_of_the_others() -> None:
    """The engine then ends with status 1 and tells of those that are there."""
    assert len(IMAGES.parse(changed(status=1, err="Error: No such image")).images) == 7


@pytest.mark.parametrize("member", ["Id", "Os", "Architecture"])
def test_an_image_that_cannot_be_read_keeps_none_of_the_others(member: str) -> None:
    images = json.loads(answers("images", "docker_26")["docker images"]["out"])
    del images[0][member]
    assert len(IMAGES.parse(changed(out=json.dumps([*images, None, 5]))).images) == 6


def test_an_image_fetched_by_its_digest_is_not_dangling() -> None:
    images = json.loads(answers("images", "docker_26")["docker images"]["out"])
    images[0]["RepoDigests"] = ["nvcr.io/nvidia/pytorch@sha256:0123"]
    (image, *_) = IMAGES.parse(changed(out=json.dumps(images))).images
    assert image.names == ("nvcr.io/nvidia/pytorch@sha256:0123",)


@pytest.mark.parametrize("created", ["", None, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon"])
def test_an_image_that_does_not_say_when_it_was_made(created: str | None) -> None:
    images = json.loads(answers("images", "docker_26")["docker images"]["out"])
    images[0]["Created"] = created
    assert IMAGES.parse(changed(out=json.dumps(images))).images[0].created is None


def test_what_engines_say_of_the_disk() -> None:
    used = {each: DISK_USE.parse(answers("disk_use", each)) for each in cases("disk_use")}
    assert used["docker_26"][0] == DiskUse("docker", "Images", 7, 3_965_000, 3_965_000)
    assert DiskUse("docker", "Build Cache", 12, 39, 39) in used["docker_20_podman_4"]
    assert DiskUse("podman", "Images", 25, 99_337_721, 87_417_692) in used["docker_20_podman_4"]
    assert DiskUse("docker", "Build Cache", 11, 20_480, 20_480) in used["containerd_26"]
    assert used["denied_26"] == ()


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("112.3MB (100%)", 112_300_000), ("1.5kB", 1500), (7, 7), ("23.4GB", 23.4e9)],
)
def test_sizes_as_engines_write_them(text: str | int, size: int) -> None:
    assert parse_size(text) == size
