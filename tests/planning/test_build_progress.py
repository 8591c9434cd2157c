"""What is shown of a build while it runs, and what is said of one that failed, of recorded builds."""

from collections.abc import Mapping, Sequence

import pytest
from tests.fixtures.recorded import buildkit

from sparkup.domain.build import BuiltStep, ImageVariant, Inputs, Measured, Record
from sparkup.domain.command import Result
from sparkup.domain.event import Event, StageChanged, StepOutput
from sparkup.errors import Problem
from sparkup.planning.build_progress import BuildProgress, times

DOCKERS = ("docker_20", "docker_26")
NONE: Mapping[str, float] = {}


def followed(
    lines: Sequence[str], known: Mapping[str, float] = NONE, *, every: bool = False
) -> list[str | Event]:
    progress = BuildProgress("spark1", known, every=every)
    return [told for line in lines if (told := progress.shown(line))]


def failure(docker: str, case: str, more: Sequence[str] = ()) -> Problem:
    status, lines = buildkit(docker, case)
    progress = BuildProgress("spark1", NONE)
    for line in (*lines, *more):
        progress.shown(line)
    (problem,) = progress.explain(Result(status)).problems
    return problem


@pytest.mark.parametrize("docker", DOCKERS)
def test_each_step_that_is_begun_is_said_once_without_mounts_and_the_last_line_of_it(docker: str) -> None:
    told = followed(buildkit(docker, "first")[1])
    stages = [event for event in told if isinstance(event, StageChanged)]
    details = [event.detail for event in stages if event.stage == "builder"]
    assert details[0].startswith("1/2 RUN for i in 1 2 3; do echo")
    assert details[1] == "2/2 RUN mkdir /wheels && echo x > /wheels/a"
    assert {"line 3", "beside 3"} <= {each for each in told if isinstance(each, str)}
    assert {event.fraction for event in stages} == {None}


@pytest.mark.parametrize("docker", DOCKERS)
def test_how_far_it_is_goes_by_the_times_of_the_build_before(docker: str) -> None:
    lines = buildkit(docker, "first")[1]
    progress = BuildProgress("spark1", NONE)
    for line in lines:
        progress.shown(line)
    measured = Measured(1.0, "spark1", "docker", 1, 9.0, progress.output.ended)
    inputs = Inputs(ImageVariant.SOURCE, "linux/arm64", "x")
    known = times([Record("f", inputs, measured), Record("g", inputs)], ImageVariant.SOURCE)
    shares = [event.fraction for event in followed(lines, known) if isinstance(event, StageChanged)]
    assert all(share is not None for share in shares)
    assert shares == sorted(share for share in shares if share is not None)
    assert (shares[0], (shares[-1] or 0) > 0.9) == (0.0, True)
    # It grows while a step runs, too.
    during = [event for event in followed(lines, known) if isinstance(event, StageChanged)]
    assert len([event for event in during if event.detail.startswith("1/2 RUN for")]) > 1


def test_a_step_takes_as_long_as_when_it_last_ran_and_what_the_newest_build_has_not_counts_nothing() -> None:
    builds = (
        (
            3.0,
            "cpu",
            (BuiltStep("a", 0.0, cached=True), BuiltStep("b", 5.0), BuiltStep("new", 0.0, cached=True)),
        ),
        (1.0, "cpu", (BuiltStep("a", 7.0), BuiltStep("b", 4.0), BuiltStep("gone", 9.0))),
        (4.0, "source", (BuiltStep("b", 99.0),)),
    )
    records = [
        Record(
            str(made),
            Inputs(ImageVariant(variant), "linux/arm64", "x"),
            Measured(made, "h", "docker", 1, 1.0, steps),
        )
        for made, variant, steps in builds
    ]
    assert times(records, ImageVariant.CPU) == {"a": 7.0, "b": 5.0, "new": 0.0}
    assert times(records, ImageVariant.WHEELS) == {}


@pytest.mark.parametrize("docker", DOCKERS)
def test_every_line_is_shown_if_that_is_asked_for(docker: str) -> None:
    lines = buildkit(docker, "first")[1]
    told = followed(lines, every=True)
    assert [event.line for event in told if isinstance(event, StepOutput) and event.whole] == [
        line for line in lines if line.strip()
    ]


@pytest.mark.parametrize("docker", DOCKERS)
@pytest.mark.parametrize(
    ("case", "code", "message", "details"),
    [
        (
            "fails",
            "build-failed",
            "step 3/3 of builder failed: exit status 3: RUN echo 'one'",
            {"one", "two"},
        ),
        ("compiler_killed", "build-failed", "step 3/3 of builder failed: exit status 1", set()),
        ("killed", "build-failed", "step 3/3 of builder failed: exit status 137", {"begun", "Killed"}),
        ("disk", "no-disk", "step 3/3 of builder failed: exit status 1", set()),
        ("disk_export", "no-disk", "docker failed: exporting to image", set()),
        ("malformed", "build-failed", "docker could not build: dockerfile parse error", set()),
        (
            "base_missing",
            "build-failed",
            "the base image nvcr.invalid/nvidia/pytorch:26.01-py3 is not there, and cannot be fetched",
            set(),
        ),
    ],
)
def test_a_failure_says_which_step_how_it_ended_and_its_last_lines(
    docker: str, case: str, code: str, message: str, details: set[str]
) -> None:
    problem = failure(docker, case)
    assert problem.code == code
    assert problem.message.startswith(message)
    assert details <= {*problem.details}
    assert problem.where == "spark1"


@pytest.mark.parametrize("docker", DOCKERS)
def test_output_that_docker_left_out_is_told_of(docker: str) -> None:
    assert failure(docker, "clipped").details[-1] == "(docker left out some of what it printed)"
