"""Why a rank was not started, as the program on its host says it."""

import json
from dataclasses import replace

import pytest

from sparkup.domain.backend import Backend
from sparkup.domain.command import Result
from sparkup.domain.container import Container
from sparkup.domain.launch import Engine, Launch, Node
from sparkup.errors import GateRefused, WorkFailed
from sparkup.planning.start_failures import not_started

LAUNCH = Launch("aa", "a1", Engine.DOCKER, (Node("spark1"),), ("vllm",), container=Container("base:1", ""))
# By docker 20.10, whose daemon was killed as soon as there was a container.
EOF = 'error during connect: Post "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/create?name=aa": EOF.'
DIED = f"docker: {EOF}\nSee 'docker run --help'."


def answer(message: str, **more: object) -> Result:
    told: dict[str, object] = {"error": "container-failed", "message": message, **more}
    return Result(74, json.dumps(told))


def test_an_engine_that_died_may_have_left_a_container() -> None:
    """What has failed is undone, other than what was refused: so it is told by which label that is found."""
    error = not_started(answer(DIED, silent=True), LAUNCH, "spark1")
    assert isinstance(error, WorkFailed)
    (problem,) = error.problems
    assert (problem.code, problem.where) == ("no-engine", "spark1")
    assert problem.message == f"docker could not start aa: {EOF}"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("ray: not found", "ray-not-found"),
        ("ray: No such file or directory", "ray-not-found"),
        ("ray: no python3 is on the PATH in there", "ray-not-found"),
        ("vllm: not found", "command-not-found"),
    ],
)
def test_ray_that_is_missing_is_told_as_that(message: str, code: str) -> None:
    of_ray = replace(LAUNCH, backend=Backend.RAY)
    error = not_started(answer(message, error="command-not-found"), of_ray, "spark1")
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.where) == (code, "spark1")
    if code == "ray-not-found":
        assert isinstance(error, GateRefused)
        assert problem.message == "ranks are to meet through Ray, and the image base:1 has none"


def test_an_engine_that_hangs_has_not_died() -> None:
    error = not_started(answer("docker does not answer (asked to run)", silent=True), LAUNCH, "spark1")
    assert isinstance(error, WorkFailed)
    assert error.problems[0].code == "container-failed"


def test_one_that_is_not_there_has_left_nothing() -> None:
    said = "Cannot connect to the Docker daemon at unix:///tmp/none.sock. Is the docker daemon running?"
    error = not_started(answer(said), LAUNCH, "spark1")
    assert isinstance(error, GateRefused)
    assert error.problems[0].code == "no-engine"
