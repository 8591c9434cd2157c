"""Whether a host can build, and how many jobs its memory lets compile at once."""

from dataclasses import replace

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import MEMORY, seen

from sparkup.domain.build import BuildRequest, ImageVariant, Inputs
from sparkup.domain.fact import Seen
from sparkup.facts.build_host import BUILD_HOST
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.memory import MEMORY as MEMORY_FACT
from sparkup.planning.build_gates import engine_problems, free, jobs, no_room, warnings, with_jobs

GIB = 1 << 30
REQUEST = BuildRequest(ImageVariant.SOURCE, "vllm-node")
INPUTS = Inputs(
    ImageVariant.SOURCE, "linux/arm64", "base@sha256:ab", arguments={"BUILD_JOBS": "6"}, sparkup="0.1.0"
)


def host(
    case: str = "docker_26",
    engines: str = "docker_26",
    available: int | None = 100 * GIB,
    processors: int = 20,
    room: int = 200 * 10**9,
) -> Seen:
    plain = seen()
    values = {
        **plain.values,
        BUILD_HOST.name: replace(BUILD_HOST.parse(answers("build_host", case)), processors=processors),
        ENGINES.name: ENGINES.parse(answers("engines", engines)),
        MEMORY_FACT.name: replace(MEMORY, available=available),
    }
    found = replace(plain, values=values)
    return replace(found, values={**values, free(found).name: {"/var/lib/docker": room}})


@pytest.mark.parametrize(
    ("available", "processors", "expected"),
    [
        (115 * GIB, 20, 13),  # a Spark
        (115 * GIB, 8, 8),
        (20 * GIB, 20, 2),
        (3 * GIB, 20, 1),
        (None, 20, None),
    ],
)
def test_each_job_has_the_most_that_it_may_need(
    available: int | None, processors: int, expected: int | None
) -> None:
    assert jobs(host(available=available, processors=processors)) == expected


def test_jobs_that_were_named_win_and_those_of_the_build_before_stay_while_they_fit() -> None:
    there = host(available=84 * GIB)  # 10 fit
    assert with_jobs(REQUEST, {"BUILD_JOBS": "16"}, None, there)["BUILD_JOBS"] == "10"
    assert with_jobs(REQUEST, {"BUILD_JOBS": "6"}, INPUTS, there)["BUILD_JOBS"] == "6"
    many = replace(INPUTS, arguments={"BUILD_JOBS": "12"})
    assert with_jobs(REQUEST, {"BUILD_JOBS": "12"}, many, there)["BUILD_JOBS"] == "10"
    few = replace(INPUTS, arguments={"BUILD_JOBS": "2"})
    assert with_jobs(REQUEST, {"BUILD_JOBS": "2"}, few, there)["BUILD_JOBS"] == "10"
    named = replace(REQUEST, arguments={"BUILD_JOBS": "40"})
    assert with_jobs(named, {"BUILD_JOBS": "40"}, None, there)["BUILD_JOBS"] == "40"
    assert with_jobs(REQUEST, {"BUILD_JOBS": "16"}, None, host(available=None))["BUILD_JOBS"] == "16"
    assert with_jobs(REQUEST, {}, None, there) == {}


@pytest.mark.parametrize(
    ("case", "engines", "code", "words"),
    [
        ("docker_26", "docker_26", "", ""),
        ("docker_26", "absent", "no-engine", "docker is not installed"),
        ("no_buildx_26", "docker_26", "no-builder", "has no buildx"),
    ],
)
def test_what_keeps_docker_from_building(case: str, engines: str, code: str, words: str) -> None:
    problems = engine_problems(host(case, engines))
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert all(words in problem.message for problem in problems)


def test_a_first_build_takes_more_room_than_the_next_one_and_a_base_of_ones_own_less() -> None:
    there = host(room=40 * 10**9)
    (problem,) = no_room(INPUTS, INPUTS.base, None, there)
    assert problem.code == "no-disk"
    assert "70.0 GB" in problem.message
    assert "40.0 GB are free at /var/lib/docker" in problem.message
    assert no_room(INPUTS, INPUTS.base, INPUTS, there) == []
    assert no_room(INPUTS, INPUTS.base, replace(INPUTS, variant=ImageVariant.CPU), there)
    assert no_room(INPUTS, "another", None, there) == []


def warned(request: BuildRequest = REQUEST, inputs: Inputs = INPUTS, there: Seen | None = None) -> list[str]:
    return [each.problem for each in warnings(request, inputs, there or host())]


def test_what_is_usual_is_not_warned_of() -> None:
    assert warned() == []


def test_each_oddity_is_warned_of() -> None:
    (jobs_,) = warned(replace(REQUEST, arguments={"BUILD_JOBS": "40"}))
    assert jobs_.startswith("40 jobs want 128.8 GB or more")
    (wheels,) = warned(inputs=replace(INPUTS, variant=ImageVariant.WHEELS))
    assert "wheels are not optimised" in wheels
    (platform,) = warned(inputs=replace(INPUTS, platform="linux/amd64"))
    assert "run on no Spark" in platform
    assert warned(inputs=replace(INPUTS, platform="linux/amd64", variant=ImageVariant.CPU)) == []
    (base,) = warned(inputs=replace(INPUTS, base="base:1"))
    assert "base:1 may be another one tomorrow" in base
    (proxy,) = warned(there=host("proxies_26"))
    assert proxy.startswith("http_proxy leads to the host's own loopback")
    assert warned(replace(REQUEST, network="host"), there=host("proxies_26")) == []
