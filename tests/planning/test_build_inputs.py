"""What goes into a build: defaults, options, what is kept of the build before, commits."""

from dataclasses import replace

import pytest
from tests.planning.hosts import ADA, seen

from sparkup.domain.build import BuildRequest, ImageVariant, Inputs, PullRequest, Source
from sparkup.domain.fact import Seen
from sparkup.errors import GateRefused, InputRefused, SparkupError, WorkFailed
from sparkup.facts.git import Refs
from sparkup.planning import build_inputs

COMMIT, OTHER, HEAD = "a" * 40, "b" * 40, "c" * 40
VLLM, FLASHINFER = "https://github.com/vllm-project/vllm.git", "https://example.org/flashinfer.git"
DOCKERFILE = f"""\
ARG BASE_IMAGE=base:1@sha256:ab
FROM $BASE_IMAGE
ARG BUILD_JOBS=16
ARG CACHEBUST_VLLM=1
ARG VLLM_REPO={VLLM}
ARG VLLM_REF=main
ARG VLLM_PRS=""
ARG FLASHINFER_REPO={FLASHINFER}
ARG FLASHINFER_REF=v0.6
ARG TRITON_REPO=https://example.org/triton.git
ARG TRITON_REF=""
"""
FILES = {"Dockerfile": DOCKERFILE.encode(), "a/b.py": b"1"}
SOURCE = ImageVariant.SOURCE
REQUEST = BuildRequest(SOURCE, "vllm-node")


def given(request: BuildRequest = REQUEST, before: Inputs | None = None) -> dict[str, str]:
    return build_inputs.asked(request, FILES, before, "77")


def looked(request: BuildRequest = REQUEST, **told: Refs) -> tuple[dict[str, str], Seen]:
    """Return the arguments, and a host that was told of the repositories what there is."""
    arguments = given(request)
    questions = build_inputs.questions(request, arguments)
    answers = {
        VLLM: told.get("vllm", Refs({"refs/heads/main": COMMIT, "refs/pull/7/head": HEAD})),
        FLASHINFER: told.get("flashinfer", Refs({"refs/tags/v0.6": OTHER})),
    }
    host = seen(machine_=ADA)
    values = {**host.values, **{fact.name: answers[url] for url, fact in questions.items()}}
    return arguments, replace(host, values=values)


def made(request: BuildRequest = REQUEST, **told: Refs) -> Inputs:
    arguments, host = looked(request, **told)
    of = build_inputs.resolved(request, arguments, build_inputs.questions(request, arguments), host)
    return build_inputs.inputs(SOURCE, arguments, of, FILES, ("aarch64", "0.1.0"))


def refused(request: BuildRequest = REQUEST, **told: Refs) -> SparkupError:
    with pytest.raises(SparkupError) as caught:
        made(request, **told)
    return caught.value


def test_every_ref_is_resolved_and_what_is_empty_is_not_built() -> None:
    inputs = made()
    assert inputs.sources == (
        Source("vllm", VLLM, "main", COMMIT),
        Source("flashinfer", FLASHINFER, "v0.6", OTHER),
    )
    arguments = inputs.arguments
    assert (arguments["VLLM_REF"], arguments["FLASHINFER_REF"], arguments["TRITON_REF"]) == (
        COMMIT,
        OTHER,
        "",
    )
    assert (inputs.platform, inputs.base) == ("linux/arm64", "base:1@sha256:ab")
    assert {*inputs.files} == {"Dockerfile", "a/b.py"}


def test_pull_requests_are_at_their_commits_in_their_order() -> None:
    request = replace(REQUEST, pull_requests=(9, 7))
    found = Refs({"refs/heads/main": COMMIT, "refs/pull/7/head": HEAD, "refs/pull/9/head": OTHER})
    inputs = made(request, vllm=found)
    assert inputs.pull_requests == (PullRequest(9, VLLM, OTHER), PullRequest(7, VLLM, HEAD))
    assert inputs.arguments["VLLM_PRS"] == f"9@{OTHER} 7@{HEAD}"


def test_a_repository_is_asked_once_for_all_that_is_wanted_of_it() -> None:
    request = replace(REQUEST, pull_requests=(7,))
    questions = build_inputs.questions(request, given(request))
    assert {*questions} == {VLLM, FLASHINFER}
    asked = questions[VLLM].requests["refs"].body["argv"]
    assert {"refs/heads/main", "refs/tags/main", "refs/pull/7/head"} <= {*asked}


def test_options_win_over_what_the_build_before_had_and_that_over_defaults() -> None:
    before = replace(made(), arguments={"BUILD_JOBS": "3", "CACHEBUST_VLLM": "55", "VLLM_REF": "old"})
    assert given(before=before)["BUILD_JOBS"] == "3"
    assert given(before=before)["CACHEBUST_VLLM"] == "55"
    assert given(before=before)["VLLM_REF"] == "main"
    assert given(replace(REQUEST, arguments={"BUILD_JOBS": "9"}), before)["BUILD_JOBS"] == "9"
    assert given(replace(REQUEST, renew=("CACHEBUST_VLLM",)), before)["CACHEBUST_VLLM"] == "77"
    other = replace(before, variant=ImageVariant.WHEELS)
    assert given(before=other)["BUILD_JOBS"] == "16"


def test_all_refs_that_are_not_there_are_said_at_once() -> None:
    request = replace(REQUEST, arguments={"VLLM_REF": "abc12"}, pull_requests=(8,))
    error = refused(request, flashinfer=Refs({}))
    assert isinstance(error, InputRefused)
    messages = [problem.message for problem in error.problems]
    assert messages == [
        f"{VLLM} has no branch or tag 'abc12'",
        f"{FLASHINFER} has no branch or tag 'v0.6'",
        f"{VLLM} has no pull request 8",
    ]
    assert "40 digits" in error.problems[0].hint
    assert "git ls-remote" in error.problems[1].hint


def test_repositories_that_do_not_answer_and_a_host_without_git_are_other_failures() -> None:
    error = refused(vllm=Refs({}, "no route"), flashinfer=Refs({}, "no route"))
    assert isinstance(error, WorkFailed)
    assert [problem.code for problem in error.problems] == ["source-gone", "source-gone"]
    error = refused(vllm=Refs({}, no_git=True), flashinfer=Refs({}, no_git=True))
    assert isinstance(error, GateRefused)
    assert [problem.code for problem in error.problems] == ["no-git"]


def test_a_build_like_another_has_its_arguments_and_tells_which_files_differ() -> None:
    first = made()
    again, notes = build_inputs.again(first, FILES, "aarch64", "0.1.0")
    assert (again, notes) == (first, ())
    again, notes = build_inputs.again(first, {**FILES, "a/b.py": b"2"}, "aarch64", "0.2.0")
    assert again.arguments == first.arguments
    assert notes == ("a/b.py are not those of sparkup 0.1.0",)
    with pytest.raises(InputRefused, match="that image is for linux/arm64, this machine is linux/amd64"):
        build_inputs.again(first, FILES, "x86_64", "0.1.0")


def test_an_image_that_does_not_say_what_it_was_built_from_is_refused() -> None:
    with pytest.raises(InputRefused, match="x:1 does not say what it was built from"):
        build_inputs.read("[" * 100_000, "x:1", "spark1")


def test_the_label_of_an_image_is_read() -> None:
    assert build_inputs.read(made().text, "x:1", "spark1") == made()
