"""Whether docker and podman answer: recorded from Docker 20.10, 26.1 and the client of 28."""

import json

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.domain.launch import Engine
from sparkup.facts.container_engines import ENGINES, Engines, EngineState, parse

CDI_MODE = {"files": {"/etc/nvidia-container-runtime/config.toml": '    mode = "cdi"\n'}, "owners": {}}


def engines(case: str, **changed: object) -> Engines:
    return parse({**answers("engines", case), **changed})


def said(out: str = "", err: str = "", status: int | None = 0, **more: object) -> dict[str, object]:
    return {"status": status, "out": out, "err": err, **more}


@pytest.mark.parametrize(
    ("case", "state", "message"),
    [
        ("absent", "absent", ""),
        ("docker_20", "up", ""),
        ("docker_26", "up", ""),
        ("denied_20", "denied", "permission denied while trying to connect to the Docker daemon socket"),
        ("denied_26", "denied", "permission denied while trying to connect to the Docker daemon socket"),
        ("down_26", "down", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."),
        ("down_28", "down", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."),
    ],
)
def test_how_docker_is(case: str, state: str, message: str) -> None:
    docker = engines(case).of(Engine.DOCKER)
    assert docker.state == state
    assert docker.message.startswith(message)
    assert bool(docker.message) == bool(message)


@pytest.mark.parametrize(
    ("case", "engine", "message", "origin"),
    [
        ("elsewhere_20", Engine.DOCKER, "tcp://127.0.0.1:2375", "DOCKER_HOST"),
        ("elsewhere_26", Engine.DOCKER, "ssh://ada@other", "away"),
        ("elsewhere_podman_4", Engine.PODMAN, "a service", "CONTAINER_HOST"),
    ],
)
def test_a_client_that_talks_to_another_machine(case: str, engine: Engine, message: str, origin: str) -> None:
    state = engines(case).of(engine)
    assert (state.state, state.message, state.origin) == ("elsewhere", message, origin)


def test_a_docker_that_is_podman_by_another_name() -> None:
    """Recorded with the script of Debian's podman-docker."""
    found = engines("shim_podman_4")
    assert (found.docker, found.podman.state) == (EngineState("podman"), "up")
    quiet = answers("engines", "shim_podman_4")["docker"] | {"err": ""}
    assert engines("shim_podman_4", docker=quiet).docker.state == "podman"
    broken = said(
        err=f"{answers('engines', 'shim_podman_4')['docker']['err']}Error: no storage\n", status=125
    )
    assert engines("shim_podman_4", docker=broken).docker.state == "podman"


def test_a_docker_without_root() -> None:
    docker = engines("rootless_docker_20").docker
    assert (docker.state, docker.version) == ("rootless", "20.10.24+dfsg1")


def test_what_daemons_say_of_themselves() -> None:
    old, new = engines("docker_20").docker, engines("docker_26").docker
    assert (old.version, new.version) == ("20.10.24+dfsg1", "26.1.5+dfsg1")
    assert old.nvidia_runtime
    assert new.nvidia_runtime
    assert not old.cdi
    assert not new.cdi  # its daemon has CDI, but off


def test_devices_that_a_container_may_be_given() -> None:
    assert engines("docker_20").infiniband
    assert not engines("docker_20").gpu
    assert not engines("absent").infiniband


def test_what_a_client_complains_of_first_is_not_why_it_gets_no_answer() -> None:
    err = "WARNING: Error loading config file: open /root/.docker/config.json: permission denied\n"
    denied = answers("engines", "denied_26")["docker"]
    docker = engines("denied_26", docker={**denied, "err": err + denied["err"]}).docker
    assert (docker.state, docker.message[:17]) == ("denied", "permission denied")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (said(err="docker: no\n", status=1), "docker: no"),
        (said(status=None, timeout=True), "no answer in time"),
        (said(out="{", status=3), "exit status 3"),
        (said(out="[]", status=3), "exit status 3"),
    ],
)
def test_a_docker_that_answers_otherwise(answer: dict[str, object], message: str) -> None:
    docker = engines("docker_26", docker=answer).docker
    assert (docker.state, docker.message) == ("failed", message)


def test_snaps_docker_is_known_by_its_path() -> None:
    programs = {"which": {"docker": "/snap/bin/docker", "podman": None}}
    assert engines("docker_20", programs=programs).docker.snap
    assert not engines("docker_20").docker.snap


def test_the_toolkits_mode_and_the_specification_of_devices() -> None:
    spec = {"files": {"/var/run/cdi/nvidia.yaml": ""}, "owners": {}}
    found = engines("docker_26", runtime=CDI_MODE, cdi=spec)
    assert found.cdi_mode
    assert found.cdi_spec
    other = engines("docker_26", cdi={"files": {"/etc/cdi/intel.yaml": ""}, "owners": {}})
    assert not other.cdi_mode
    assert not other.cdi_spec


def test_a_daemon_whose_cdi_is_on_names_its_folders() -> None:
    info = json.loads(answers("engines", "docker_26")["docker"]["out"])
    on = said(json.dumps({**info, "CDISpecDirs": ["/etc/cdi", "/var/run/cdi"]}))
    assert engines("docker_26", docker=on).docker.cdi


def test_podman() -> None:
    up = engines("absent", podman=said('{"version": {"Version": "4.9.3"}}')).of(Engine.PODMAN)
    assert up == EngineState("up", version="4.9.3", cdi=True)
    broken = engines("absent", podman=said(err="time\nError: no storage\n", status=125)).podman
    assert broken == EngineState("failed", "Error: no storage")
    silent = engines("absent", podman=said(status=None, timeout=True)).podman
    assert silent == EngineState("failed", "no answer in time")


@pytest.mark.parametrize("case", cases("engines"))
def test_what_is_recorded_says_the_same_and_nothing_private(case: str) -> None:
    whole = answers("engines", case)
    if whole["docker"]["out"]:
        info = json.loads(whole["docker"]["out"])
        info["HttpsProxy"] = "http://ada:pw@proxy:3128"
        whole["docker"]["out"] = json.dumps(info)
    assert ENGINES.recorded is not None
    kept = ENGINES.recorded(whole)
    assert parse(kept) == parse(whole)
    assert "ada:pw" not in json.dumps(kept)
    assert len(json.dumps(kept)) < 2500
