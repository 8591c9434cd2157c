"""What keeps an engine from working, as it was recorded, with its remedy and what else there is."""

from dataclasses import replace

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import request, seen

from sparkup.domain.container import ContainerRequest
from sparkup.domain.launch import Engine, LaunchRequest
from sparkup.errors import GateRefused, SparkupError
from sparkup.facts import container_engines
from sparkup.facts.container_engines import Engines, EngineState
from sparkup.facts.containers import Image
from sparkup.planning.containers import engine_of, why_none
from sparkup.planning.engines import instead, not_up
from sparkup.planning.resolve import resolve

DOCKER, PODMAN = Engine.DOCKER, Engine.PODMAN
IMAGE = Image("sha256:1", "amd64", "linux", "", "", ())
PODMAN_UP = EngineState("up", version="4.3.1", cdi=True)


def engines(case: str) -> Engines:
    return container_engines.parse(answers("engines", case))


def refused(case: str, engine: Engine = DOCKER, asked: ContainerRequest | None = None) -> SparkupError:
    wish = request(engine=engine, container=asked)
    with pytest.raises(GateRefused) as caught:
        resolve(wish, {"local": seen(wish, engines=engines(case), images={})}, "a1b2")
    return caught.value


@pytest.mark.parametrize(
    ("case", "engine", "message", "hint"),
    [
        (
            "elsewhere_20",
            DOCKER,
            "docker of this login talks to tcp://127.0.0.1:2375, and not to the host's own (DOCKER_HOST)",
            "let the login there not set DOCKER_HOST; ",
        ),
        (
            "elsewhere_26",
            DOCKER,
            "docker of this login talks to ssh://ada@other, and not to the host's own (the context away)",
            "docker context use default, there; DOCKER_CONTEXT may name one as well; ",
        ),
        (
            "elsewhere_podman_4",
            PODMAN,
            "podman of this login talks to a service, and not to the host's own (CONTAINER_HOST)",
            "let the login there not set CONTAINER_HOST; ",
        ),
        (
            "shim_podman_4",
            DOCKER,
            "docker there is podman by another name",
            "use --engine podman; or use --engine host",
        ),
        (
            "rootless_docker_20",
            DOCKER,
            "docker without root is not supported: its containers have neither the host's network nor",
            "use the docker of the system: ",
        ),
        ("rootless_podman_4", PODMAN, "podman without root is not supported", "launch as root of that host"),
    ],
)
def test_what_is_in_the_way_of_an_engine(case: str, engine: Engine, message: str, hint: str) -> None:
    error = refused(case, engine)
    (problem,) = error.problems
    assert (problem.code, problem.message[: len(message)], problem.hint[: len(hint)]) == (
        "no-engine",
        message,
        hint,
    )
    assert problem.hint.endswith("--engine host")


@pytest.mark.parametrize(
    ("host", "more"), [("local", ""), ("spark1", " and let a minute pass without sparkup on spark1")]
)
def test_new_groups_are_those_of_a_new_login(host: str, more: str) -> None:
    there = replace(seen(engines=engines("denied_26")), host=host)
    problem = not_up(DOCKER, engines("denied_26").docker, there)
    assert problem.hint == f"once: sudo usermod -aG docker ada, then log in anew{more}"


@pytest.mark.parametrize(
    ("asked", "images", "hint"),
    [
        (ContainerRequest(), (), "; or use --engine host"),
        (ContainerRequest(asked=True), (), "; or use --engine host, without options of containers"),
        (ContainerRequest(asked=True, needed=True), (), ""),
        (ContainerRequest(), (PODMAN,), "; or use --engine podman, which has the image, or --engine host"),
        (ContainerRequest(needed=True), (PODMAN,), "; or use --engine podman, which has the image"),
    ],
)
def test_what_else_could_run_it(asked: ContainerRequest, images: tuple[Engine, ...], hint: str) -> None:
    wish: LaunchRequest = request(engine=DOCKER, container=asked)
    there = seen(wish, engines=replace(engines("down_28"), podman=PODMAN_UP))
    assert instead(DOCKER, wish, there, images) == hint
    alone = seen(wish, engines=engines("down_28"))
    assert "podman" not in instead(DOCKER, wish, alone, images)


def test_podman_is_told_of_docker() -> None:
    wish = request(engine=PODMAN, container=ContainerRequest(needed=True))
    there = seen(wish, engines=engines("docker_20"))
    assert instead(PODMAN, wish, there, {DOCKER: IMAGE}) == "; or use --engine docker, which has the image"


def test_podman_by_the_name_of_docker_is_no_engine_of_its_own() -> None:
    shim = engines("shim_podman_4")
    wish = request(container=ContainerRequest(asked=True))
    assert engine_of(wish, seen(wish, engines=shim, images={})) is PODMAN
    assert instead(DOCKER, wish, seen(wish, engines=shim), {PODMAN: IMAGE}).count("podman") == 0
    server = request()
    why = "engine host: podman has no image vllm-node (another: -t IMAGE)"
    assert why_none(server, seen(server, engines=shim, images={})) == (why,)


@pytest.mark.parametrize(
    ("case", "why"),
    [("elsewhere_20", "talks to another machine"), ("rootless_docker_20", "runs without root")],
)
def test_why_a_server_runs_in_no_container(case: str, why: str) -> None:
    wish = request()
    assert why_none(wish, seen(wish, engines=engines(case))) == (f"engine host: docker {why}",)
