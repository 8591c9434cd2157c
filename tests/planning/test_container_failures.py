"""What engines say when a container does not start, each as a problem that tells what next."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.record_container_failures import CASES
from tests.fixtures.recorded import FIXTURES

from sparkup.domain.container import Container
from sparkup.domain.launch import Engine, Launch, Node
from sparkup.errors import Problem, SparkupError
from sparkup.planning.container_failures import refused

LAUNCH = Launch(
    "vllm_node", "a1", Engine.DOCKER, (Node("local"),), ("vllm",), container=Container("vllm-node", "")
)
SAID = FIXTURES / "docker_said"  # by users' daemons
CODES = {
    "absent": "image-not-found",
    "bad_memory": "bad-option",
    "bad_volume": "bad-option",
    "cdi": "no-gpu-in-container",
    "denied": "no-engine",
    "down": "no-engine",
    "name_taken": "name-taken",
    "no_device": "bad-option",
    "no_runtime": "bad-option",
    "no_source": "mount-not-found",
    "no_user": "bad-option",
    "not_executable": "command-not-found",
    "not_found": "command-not-found",
    "port_taken": "port-taken",
    "port_taken2": "port-taken",
    "unknown_flag": "bad-option",
}
# Words for the engine that it does not take, and those with which a container cannot start.
OTHERS = {"mount_no_source": "mount-not-found", "platform": "wrong-architecture"}
CODES |= {case: OTHERS.get(case, "bad-option") for case in CASES}
TAKEN_BY_PODMAN = {
    "cap_add_privileged",
    "cpus",
    "device_mode",
    "device_relative",
    "env_file_bad",
    "gpus_malformed",
    "log_none",
    "log_opt",
    "volume_short",
}
OF_PODMAN = {
    "mount_relative": "mount-not-found",
    "platform": "image-not-found",
    "ipc_shm": "bad-option",
    "no_python": "command-not-found",
}
NOT_OF_PODMAN = {"denied", "down", *TAKEN_BY_PODMAN}  # it has no daemon
REFUSED = 2  # exit status for what was asked for; 5 for what a host is
WRONG_INPUT = {"image-not-found", "bad-option", "mount-not-found", "command-not-found"}


def recorded(engine: str) -> dict[str, dict[str, Any]]:
    path = FIXTURES / "container_failures" / f"{engine}.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def problem(error: SparkupError) -> Problem:
    (found,) = error.problems
    assert found.where == "spark1"
    assert found.hint
    return found


def codes(engine: str) -> dict[str, str]:
    if engine.startswith("docker"):
        return CODES
    return {**{fault: code for fault, code in CODES.items() if fault not in NOT_OF_PODMAN}, **OF_PODMAN}


ENGINES = sorted(path.stem for path in (FIXTURES / "container_failures").glob("*.json"))
FAULTS = [(engine, fault) for engine in ENGINES for fault in sorted(codes(engine))]


@pytest.mark.parametrize("engine", ENGINES)
def test_each_fault_that_was_recorded_is_known(engine: str) -> None:
    assert recorded(engine).keys() == codes(engine).keys()


@pytest.mark.parametrize(("engine", "fault"), FAULTS)
def test_each_fault_has_its_code_and_exit_status(engine: str, fault: str) -> None:
    launch = replace(LAUNCH, engine=Engine(engine.partition("_")[0]))
    error = refused(recorded(engine)[fault]["err"], launch, "spark1")
    found = problem(error)
    assert found.code == codes(engine)[fault]
    assert error.exit_status == (REFUSED if found.code in WRONG_INPUT else 5)
    assert found.message.startswith(f"{launch.engine} could not start vllm_node: ")
    assert "Error response from daemon" not in found.message
    assert "See '" not in found.message


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("error_cdi_mode_gpus_flag", "no-gpu-in-container"),
        ("error_gpu_count", "bad-option"),
        ("error_permission_denied", "no-engine"),
        ("error_port_in_use", "port-taken"),
        ("error_snap_docker", "no-gpu-in-container"),
        ("error_unknown_runtime", "no-gpu-in-container"),
    ],
)
def test_what_users_have_met(file: str, code: str) -> None:
    text = Path(SAID / f"{file}.txt").read_text(encoding="utf-8")
    assert problem(refused(text, LAUNCH, "spark1")).code == code


def test_the_reason_is_the_line_that_the_engine_marks_as_its_own() -> None:
    text = Path(SAID / "error_cdi_mode_gpus_flag.txt").read_text(encoding="utf-8")
    assert "failed to create task for container" in problem(refused(text, LAUNCH, "spark1")).message
    denied = problem(refused(recorded("docker_20")["denied"]["err"], LAUNCH, "spark1"))
    assert denied.message.startswith("docker could not start vllm_node: permission denied while trying")


def test_a_fault_that_nobody_has_met_is_told_with_all_that_was_said() -> None:
    error = refused("one\ndocker: Error response from daemon: something new.\nthree\n", LAUNCH, "spark1")
    found = problem(error)
    assert (found.code, error.exit_status) == ("container-failed", 1)
    assert found.message == "docker could not start vllm_node: something new."
    assert found.details == ("one", "three")
    assert found.hint == "try it by hand: docker run --rm vllm-node"


def test_a_container_that_said_nothing() -> None:
    found = problem(refused("\n", LAUNCH, "spark1"))
    assert found.message == "docker could not start vllm_node: it ended at once and said nothing"
    assert found.details == ()


def test_limits_that_may_have_ended_it_in_silence_are_named() -> None:
    """With 6 MiB all that runs is killed, Python or runc: docker 26.1 says what it noticed, or nothing."""
    small = replace(LAUNCH, container=Container("vllm-node", "", extra=("--memory", "6m")))
    for said in ("", "docker: Error response from daemon: container process is already dead: unknown."):
        found = problem(refused(said, small, "spark1"))
        assert found.hint.startswith("its limits of memory or tasks may be too small to begin with; try it")


@pytest.mark.parametrize(
    ("extra", "code", "hint"),
    [
        (
            ("--cap-drop", "ALL"),
            "bad-option",
            "leave ALL and DAC_OVERRIDE of --cap-drop out of --engine-args",
        ),
        (("--init=x", "--cap-drop=DAC_OVERRIDE"), "bad-option", "leave ALL and DAC_OVERRIDE of --cap-drop"),
        (("--userns", "auto"), "bad-option", "leave --userns out of --engine-args"),
        (("--ipc", "host"), "container-failed", "keep the state on another with SPARKUP_STATE_DIR"),
        (None, "container-failed", "add --engine-args '--userns host'"),
    ],
)
def test_root_in_the_container_who_may_not_read_what_is_the_users(
    extra: tuple[str, ...] | None, code: str, hint: str
) -> None:
    """In the words of node/inside.py, for it is that which cannot."""
    said = "/opt/sparkup/state/launches/vllm_node is not to be read in here: is the container's root mapped?"
    container = None if extra is None else Container("vllm-node", "", extra=extra)
    found = problem(refused(said, replace(LAUNCH, container=container), "spark1"))
    assert (found.code, hint in found.hint) == (code, True), found
    assert found.hint.startswith("root in the container must read what is yours: ")


@pytest.mark.parametrize(
    ("case", "hint"),
    [
        ("ulimit", "`docker run --help` says what --ulimit takes"),
        ("memory_malformed", "`docker run --help` says what --memory takes"),
        ("cpuset_few", "see how many processors the host has: nproc"),
        ("volume_short", "name the volume with two characters at least"),
        ("needs_value", "the last option in --engine-args lacks its value"),
        ("address", "give -p an address that the host has (`ip address` shows them), or none for 127.0.0.1"),
    ],
)
@pytest.mark.parametrize("engine", ["docker_20", "docker_26"])
def test_the_hint_names_what_to_change(engine: str, case: str, hint: str) -> None:
    assert problem(refused(recorded(engine)[case]["err"], LAUNCH, "spark1")).hint == hint


def test_what_next_is_said_in_the_words_of_the_engine() -> None:
    absent = recorded("podman_4")["absent"]["err"]
    found = problem(refused(absent, replace(LAUNCH, engine=Engine.PODMAN), "spark1"))
    assert found.hint.endswith("podman image ls")
