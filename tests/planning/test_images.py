"""Which images hosts have, what is known of their builds, and which of them a word means."""

from dataclasses import replace

import pytest
from tests.planning.stores import NAME, PREVIOUS, RECORDS, docker, host, named, stores

from sparkup.domain.build import LABEL_INPUTS
from sparkup.domain.fact import Seen
from sparkup.domain.image import NameRow
from sparkup.errors import InputRefused, Problem
from sparkup.planning.images import find, held, names, row, silent


def refused(word: str, *seen: Seen) -> Problem:
    images = [image for each in seen for image in held(each)]
    with pytest.raises(InputRefused) as error:
        find(word, images, [each.host for each in seen])
    (problem,) = error.value.problems
    return problem


def test_an_image_has_both_parts_of_its_record() -> None:
    shown = row(named(docker(host()), NAME))
    assert (shown.variant, shown.vllm, shown.versions["vllm"]) == ("cpu", "main 222222222222", "0.13.0")
    assert (shown.host, shown.engine, shown.used_by) == ("spark1", "docker", ("up",))


def test_an_image_tells_of_its_build_where_no_host_has_measured_it() -> None:
    shown = row(named(docker(host(records={})), NAME))
    assert (shown.variant, shown.vllm, shown.versions) == ("cpu", "main 222222222222", {})


def test_an_image_of_others_has_no_record() -> None:
    image = named(docker(host()), "theirs:5")
    assert (image.record, image.mine, row(image).variant) == (None, False, "")


def believed(label: str | None) -> bool:
    """Say whether another user's record counts for an image that says this of its build, or what it did."""
    records = {name: replace(each, mine=False) for name, each in RECORDS.items()}
    image = named(docker(host()), NAME).image
    if label is not None:
        image = replace(image, labels={**image.labels, LABEL_INPUTS: label})
    told = replace(stores("docker_20_podman_4"), images=(image,))
    (found,) = held(host(records=records, images=told))
    assert not found.mine
    return found.record is not None and found.record.measured is not None


def test_the_record_of_another_user_counts_if_the_image_says_the_same() -> None:
    assert believed(None)
    other = named(docker(host()), PREVIOUS).image.labels[LABEL_INPUTS]
    assert not believed(other)
    assert not believed("{}")
    assert not believed("[" * 100_000)


def test_what_an_image_says_of_its_build_counts_before_what_the_host_has_kept() -> None:
    images = docker(host())
    other = named(images, PREVIOUS)
    image = replace(named(images, NAME).image, labels=other.image.labels)
    (found,) = held(host(images=replace(stores("docker_20_podman_4"), images=(image,))))
    assert found.record is not None
    assert other.record is not None
    assert found.record.inputs == other.record.inputs
    assert row(found).versions["vllm"] == "0.13.0"


def test_one_name_on_two_hosts() -> None:
    first, second = host(), host("docker_26", name="spark2", engines="docker_26")
    images = [*docker(first), *docker(second)]
    found = {each.name: each for each in names(images, ["spark1", "spark2", "spark3"])}
    assert found[NAME] == NameRow(NAME, same=False, hosts=("spark1", "spark2"), missing=("spark3",))
    again = [*docker(first), *docker(host(name="spark2"))]
    assert all(each.same for each in names(again, ["spark1", "spark2"]))


def test_an_image_is_found_by_its_name_and_by_the_beginning_of_its_digests() -> None:
    images = docker(host())
    image = named(images, NAME)
    digits = image.image.id.removeprefix("sha256:")
    for word in ("vllm-node-cpu", NAME, image.content[:4], image.content, digits[:12], image.image.id):
        assert find(word, images, ["spark1"]) == (image,)


def test_the_same_image_on_two_hosts_is_found_on_both() -> None:
    images = [*docker(host()), *docker(host(name="spark2"))]
    assert [each.host for each in find(NAME, images, ["spark1", "spark2"])] == ["spark1", "spark2"]


def test_a_name_that_nobody_has() -> None:
    problem = refused("vllm-nod-cpu", host())
    assert (problem.code, problem.where) == ("image-not-found", "spark1")
    assert problem.hint == "did you mean vllm-node-cpu?"
    assert refused("0123", host()).hint == "sparkup images lists what there is"


def test_a_name_with_several_contents() -> None:
    problem = refused(NAME, host(), host("docker_26", name="spark2", engines="docker_26"))
    assert problem.code == "ambiguous-image"
    assert problem.message == f"{NAME} is 3 different images"
    assert problem.details[0] == "5a3129eccb99 on spark1"
    assert problem.details[1].endswith(" on spark1 (podman)")


def test_digits_with_which_several_digests_begin() -> None:
    told = stores("docker_26")
    alike = replace(
        told, images=tuple(replace(each, fingerprint=f"abcd{each.fingerprint}") for each in told.images)
    )
    assert refused("abcd", host("docker_26", images=alike)).code == "ambiguous-image"


@pytest.mark.parametrize(
    ("case", "engines", "message"),
    [
        ("denied_26", "denied_26", "ada may not use docker"),
        ("down_26", "down_26", "docker does not run"),
        ("denied_26", "docker_26", "docker does not answer: permission denied"),
    ],
)
def test_an_engine_that_does_not_answer(case: str, engines: str, message: str) -> None:
    (problem,) = silent(host(case, engines=engines))
    assert (problem.code, problem.where) == ("no-engine", "spark1")
    assert problem.message.startswith(message)


def test_a_host_without_engines_has_a_problem_and_one_with_an_engine_has_none() -> None:
    nothing = replace(stores("docker_26"), images=(), engines=())
    (problem,) = silent(host("docker_26", engines="absent", images=nothing))
    assert problem.message == "it has neither docker nor podman"
    (problem,) = silent(host("docker_26", engines="rootless_podman_4", images=nothing))
    assert problem.message.startswith("podman without root is not supported")
    assert silent(host()) == []


@pytest.mark.parametrize("engines", ["elsewhere_26", "shim_podman_4"])
def test_images_of_a_docker_that_is_another_thing_are_not_the_hosts(engines: str) -> None:
    assert {each.image.engine for each in held(host(engines=engines))} == {"podman"}
    assert len(silent(host(engines=engines))) == (engines == "elsewhere_26")
