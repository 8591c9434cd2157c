"""What podman is asked for and refused, by what podman 4.3.1 says and does."""

import json
from dataclasses import replace

import pytest
from tests.fixtures.recorded import FIXTURES, answers
from tests.planning.hosts import request, seen
from tests.planning.test_container_failures import codes

from sparkup.commands import containers as commands
from sparkup.domain.container import Container, ContainerLimits, ContainerRequest
from sparkup.domain.launch import Engine, Launch, Node
from sparkup.errors import Problem
from sparkup.facts import container_engines
from sparkup.facts.container_engines import Engines
from sparkup.facts.containers import image
from sparkup.node.container import NO_PYTHON
from sparkup.planning.container_failures import refused
from sparkup.planning.containers import container

SAID = json.loads((FIXTURES / "container_failures" / "podman_4.json").read_text(encoding="utf-8"))
PLAIN = container_engines.parse(answers("engines", "podman_4"))
CDI = container_engines.parse(answers("engines", "podman_4_cdi"))
LAUNCH = Launch(
    "up", "a1", Engine.PODMAN, (Node("local", 0),), ("vllm",), container=Container("base:1", "6613")
)


@pytest.mark.parametrize("case", sorted(SAID))
def test_a_container_that_did_not_start(case: str) -> None:
    problem = refused(SAID[case]["err"], LAUNCH, "spark1").problems[0]
    assert problem.code == codes("podman_4")[case]
    assert problem.message.startswith("podman could not start up: ")
    assert not problem.message.startswith("podman could not start up: Error: ")
    assert "docker" not in f"{problem.message} {problem.hint}"


def test_an_image_without_python_is_known_by_what_podman_says() -> None:
    assert [case for case in SAID if NO_PYTHON.search(SAID[case]["err"])] == ["no_python"]


def asked(
    engines: Engines, *extra: str, limits: ContainerLimits | None = None
) -> tuple[Container, list[Problem]]:
    """Return what is decided for a container of podman, and what is refused."""
    wish = request(engine=Engine.PODMAN, container=ContainerRequest("base:1", extra=extra, limits=limits))
    problems: list[Problem] = []
    there = image("base:1").parse(answers("image", "podman_4"))
    return container(wish, Engine.PODMAN, seen(wish, engines=engines, images=there), problems), problems


def test_the_gpu_is_given_by_its_cdi_specification() -> None:
    chosen, problems = asked(CDI)
    assert (chosen.gpus, problems) == ("cdi", [])
    words = commands.run(replace(LAUNCH, container=chosen), LAUNCH.head, "/p", "/s")
    assert "--device nvidia.com/gpu=all --log-driver k8s-file --log-opt max-size=64m" in " ".join(words)
    assert "--gpus" not in words
    assert "max-file" not in " ".join(words)


def test_without_a_specification_it_is_refused() -> None:
    _, problems = asked(replace(PLAIN, gpu=True))
    assert [problem.code for problem in problems] == ["no-gpu-in-container"]


@pytest.mark.parametrize(
    "words", [("--gpus", "all"), ("--gpus=all",), ("--shm-size", "64g"), ("--shm-size=64g",)]
)
def test_what_podman_ignores_or_does_not_take(words: tuple[str, ...]) -> None:
    _, problems = asked(PLAIN, *words)
    assert [problem.code for problem in problems] == ["bad-option"]
    assert words[0].partition("=")[0] in problems[0].message


def test_shared_memory_of_its_own_can_have_a_size() -> None:
    assert asked(PLAIN, "--ipc", "private", "--shm-size=64g")[1] == []
    assert asked(PLAIN, "--shm-size=64g", limits=ContainerLimits())[1] == []


def test_without_root_it_is_refused() -> None:
    """Nothing is known of it: on no host was it tried."""
    _, problems = asked(container_engines.parse(answers("engines", "rootless_podman_4")))
    assert [problem.code for problem in problems] == ["no-engine"]
    assert "without root" in problems[0].message
