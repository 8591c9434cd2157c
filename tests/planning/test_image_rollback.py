"""Rolling back: what is refused before anything is touched, and in which order names change."""

from dataclasses import replace

import pytest
from tests.planning.stores import NAME, PREVIOUS, docker, host, named, renamed, stores

from sparkup.domain.fact import Seen
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan, what
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError
from sparkup.planning.image_rollback import not_undone, swap_plan, swaps, undo_plans

BOTH = host()
NOW, BEFORE = (named(docker(BOTH), name).image.id for name in (NAME, PREVIOUS))


def refused(kind: type[SparkupError], word: str, *seen: Seen) -> list[tuple[str, str]]:
    with pytest.raises(kind) as error:
        swaps(word, seen, None)
    return [(each.code, each.where) for each in error.value.problems]


def commands(plan: Plan) -> list[str]:
    return [what(step).removeprefix("run").strip() for step in plan.steps]


def test_the_image_of_now_has_its_second_name_before_it_loses_its_first() -> None:
    (swap,) = swaps("vllm-node-cpu", [BOTH], None)
    plan = swap_plan(swap)
    assert commands(plan) == [
        f"docker image tag {NOW} {PREVIOUS}",
        f"docker image tag {BEFORE} {NAME}",
    ]
    assert plan.steps[1].after == (plan.steps[0].id,)
    assert [commands(each) for each in undo_plans(swap)] == [
        [f"docker image tag {NOW} {NAME}"],
        [f"docker image tag {BEFORE} {PREVIOUS}"],
    ]


def test_podman_is_told_names_as_it_writes_them() -> None:
    (swap,) = swaps("vllm-node-cpu", [BOTH], Engine.PODMAN)
    assert commands(swap_plan(swap))[0].endswith(f" localhost/{PREVIOUS}")
    (swap,) = swaps("vllm-node-cpu", [host(engines="shim_podman_4")], None)
    assert swap.engine is Engine.PODMAN


def test_podman_does_it_where_only_it_can() -> None:
    without = [
        replace(each, tags=()) if each.engine is Engine.DOCKER else each
        for each in stores("docker_20_podman_4").images
    ]
    told = replace(stores("docker_20_podman_4"), images=tuple(without))
    (swap,) = swaps("vllm-node-cpu", [host(images=told)], None)
    assert swap.engine is Engine.PODMAN


def test_no_host_is_touched_when_one_cannot_do_it() -> None:
    nothing = host(
        "docker_26", name="spark2", engines="docker_26", images=renamed("docker_26", {PREVIOUS: ""})
    )
    assert refused(GateRefused, NAME, BOTH, nothing) == [("no-previous-image", "spark2")]
    gone = host("docker_26", name="spark2", engines="docker_26", images=renamed("docker_26", {NAME: ""}))
    down = host("down_26", name="spark3", engines="down_26")
    assert refused(GateRefused, NAME, gone, down) == [("image-not-found", "spark2"), ("no-engine", "spark3")]


def test_a_name_that_no_host_has_is_a_mistyped_one() -> None:
    assert refused(InputRefused, "vllm-node-cpu:latst", BOTH) == [("image-not-found", "spark1")]


def test_an_image_that_is_its_own_previous_one() -> None:
    told = stores("docker_26")
    same = replace(named(docker(host("docker_26", engines="docker_26")), NAME).image, tags=(NAME, PREVIOUS))
    seen = host("docker_26", engines="docker_26", images=replace(told, images=(same,)))
    assert refused(GateRefused, NAME, seen) == [("no-previous-image", "spark1")]


def test_what_could_not_be_given_back_can_be_typed() -> None:
    (swap,) = swaps(NAME, [BOTH], None)
    problem = not_undone(swap, Problem("host-broke-off", "it broke"))
    assert problem.hint == (
        f"on the host: docker image tag {NOW} {NAME} && docker image tag {BEFORE} {PREVIOUS}"
    )
