"""What builds print, as two versions of Docker have it: steps, their times, what failed and why."""

import pytest
from tests.fixtures.recorded import buildkit

from sparkup.facts.buildkit import BuildOutput
from sparkup.facts.image_failures import IMAGE_FAILURES
from sparkup.facts.known_failure import recognise

DOCKERS = ("docker_20", "docker_26")
# What fails, the words of its step, and what the advice for it has.
FAILURES = {
    "fails": ("echo 'one'; echo 'two' >&2; exit 3", ""),
    "killed": ("RUN sh -c 'echo begun; kill -9 $$'", "memory ran out"),
    "compiler_killed": ("RUN (until pkill -9 cc1plus", "memory ran out"),
    "curl_403": ("RUN curl -fsS", "(403)"),
    "git_403": ("RUN git clone", "(403)"),
    "pip_403": ("RUN pip download", "(403)"),
    "uv_403": ("uv pip install", "(403)"),
    "apt_403": ("apt-get", "(403)"),
    "curl_slow": ("RUN curl -fsS --max-time 1", "took too long"),
    "curl_refused": ("RUN curl -fsS http://127.0.0.1:9/x", "did not answer"),
    "curl_no_name": ("RUN curl -fsS https://no-such-host.invalid/x", "no name server"),
    "git_no_name": ("RUN git clone https://no-such-host.invalid/vllm.git", "no name server"),
    "uv_no_wheel": ("uv pip install", "no wheel for this kind of processor"),
    "disk": ("RUN head -c 400000000 /dev/zero > /a", "disk is full"),
    "disk_export": ("exporting to image", "disk is full"),
    "base_missing": ("load metadata for nvcr.invalid/nvidia/pytorch:26.01-py3", "no name server"),
    "base_not_known": ("load metadata for docker.io/library/no-such-image-anywhere:1", "no name server"),
    "copy_missing": ("COPY no-such-file /x", ""),
}


def read(docker: str, case: str) -> BuildOutput:
    output = BuildOutput()
    for line in buildkit(docker, case)[1]:
        output.feed(line)
    return output


@pytest.mark.parametrize("docker", DOCKERS)
def test_a_build_that_went_well_has_all_its_steps_with_their_times(docker: str) -> None:
    output = read(docker, "first")
    assert output.failed is None
    builder = next(step for step in output.steps.values() if "--mount=type=cache" in step.text)
    assert (builder.stage, builder.number, builder.of) == ("builder", 1, 2)
    assert builder.seconds is not None
    assert 1 < builder.seconds < 3
    assert sorted(builder.lines) == ["error 1", "error 2", "error 3", "line 1", "line 2", "line 3"]
    names = [step.name for step in output.ended]
    assert len(names) == len(set(names)) == 12
    assert "[base 1/2] FROM docker.io/library/base:1" in names
    assert names[-1] == "exporting to image"


@pytest.mark.parametrize("docker", DOCKERS)
def test_a_step_that_is_interrupted_by_another_one_goes_on_and_redrawn_lines_are_their_last_picture(
    docker: str,
) -> None:
    other = next(step for step in read(docker, "first").steps.values() if step.stage == "other")
    assert list(other.lines) == ["[3/3] c", "beside 1", "beside 2", "beside 3"]
    assert other.seconds is not None


@pytest.mark.parametrize("docker", DOCKERS)
def test_the_second_build_took_everything_from_the_cache(docker: str) -> None:
    ours = [step for step in read(docker, "again").ended if "exporting" not in step.name]
    # FROM is not said to be cached where the image is one of the host's own.
    assert {step.cached for step in ours if "] FROM" not in step.name} == {True}


@pytest.mark.parametrize("docker", DOCKERS)
def test_another_ref_runs_only_what_comes_after_it(docker: str) -> None:
    ran = [step.name for step in read(docker, "other_ref").ended if not step.cached]
    assert any("for i in 1 2 3" in name and "builder" in name for name in ran)
    assert not any("[other" in name or "[base 2" in name for name in ran)


@pytest.mark.parametrize("docker", DOCKERS)
@pytest.mark.parametrize("case", FAILURES)
def test_what_failed_is_found_with_its_likely_cause(docker: str, case: str) -> None:
    output = read(docker, case)
    step, words = output.failed, FAILURES[case]
    assert step is not None
    assert words[0] in step.name
    hint = recognise("\n".join((*step.lines, step.error, output.cause)), IMAGE_FAILURES)[1]
    assert words[1] in hint
    assert bool(words[1]) == bool(hint)


@pytest.mark.parametrize("docker", DOCKERS)
def test_the_exit_status_of_a_failed_step_and_its_last_lines_are_kept(docker: str) -> None:
    step = read(docker, "fails").failed
    assert step is not None
    assert step.exit_status == 3
    assert sorted(step.lines) == ["one", "two"]
    export = read(docker, "disk_export").failed
    assert export is not None
    assert export.exit_status is None


@pytest.mark.parametrize("docker", DOCKERS)
@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("malformed", "unknown instruction: RUM"),
        ("bad_network", 'network mode "no-such-network" not supported by buildkit'),
        ("bad_tag", ""),
    ],
)
def test_what_fails_without_a_step_is_the_last_word(docker: str, case: str, words: str) -> None:
    output = read(docker, case)
    assert output.failed is None
    assert words in output.cause
    assert not output.cause.startswith(("ERROR", "failed to solve"))


@pytest.mark.parametrize("docker", DOCKERS)
def test_an_engine_that_leaves_out_what_a_step_printed_says_so(docker: str) -> None:
    step = read(docker, "clipped").failed
    assert step is not None
    assert step.clipped
    assert not any(each.clipped for each in read(docker, "first").steps.values())
