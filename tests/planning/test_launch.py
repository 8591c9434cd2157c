"""The steps of a launch as they are shown, and what a failed one says."""

import json
from dataclasses import replace

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import VLLM, folder, lines, request, seen, with_programs

from sparkup.domain.command import Environment, Result, Secret
from sparkup.domain.fact import Observed
from sparkup.domain.launch import Launch, Limits, Readiness
from sparkup.domain.plan import Run, Wait, document
from sparkup.errors import GateRefused, InputRefused, WorkFailed
from sparkup.facts import systemd
from sparkup.facts.systemd import Systemd
from sparkup.planning.launch import (
    log_path,
    program_on,
    readiness_text,
    ready_plan,
    start_plan,
    undo_plan,
)
from sparkup.planning.resolve import resolve

NAME = "node-0123456789ab.pyz"
KEY = "hf_9a8b7c6d5e"
ROOT = folder()
FILE = f"{ROOT}/bin/{NAME}"
START = f"/usr/bin/python3 -I {FILE} start --root {ROOT}"
THERE = with_programs(NAME)
LINGERS: Systemd = systemd.parse(answers("systemd", "user_who_lingers"))
AS_ROOT: Systemd = systemd.parse(answers("systemd", "root"))
ASKED = request(environment=Environment({"A": "b c"}, (Secret("HF_TOKEN", KEY),)))


def launch(system: Systemd | None = None, limits: Limits | None = None) -> tuple[Launch, Observed]:
    asked = replace(ASKED, limits=limits or Limits())
    host = seen(asked, systemd_=system or seen()[systemd.SYSTEMD], lookup=VLLM)
    return resolve(asked, {"local": host}, "a1b2c3d4").launch, {"local": host}


def test_a_first_launch_puts_the_program_and_starts() -> None:
    assert lines(start_plan(*launch(), NAME, b"12345")) == [
        "program local @ local: the program that looks after launches",
        f"    put   {FILE} (5 bytes, mode 755)",
        "start rank 0 @ local (after program local): start rank 0 of vllm_node: vllm serve Qwen/Qwen3-0.6B …",
        f"    run   {START} <HF_TOKEN",
        "  runs vllm serve Qwen/Qwen3-0.6B --host 127.0.0.1",
        "  with A=b c",
        "  with HF_TOKEN, which is not shown",
    ]


def test_a_second_one_puts_nothing() -> None:
    decided, there = launch()
    again = {"local": seen(ASKED, machine_=THERE)}
    assert [step.id for step in start_plan(decided, again, NAME, b"").steps] == ["start rank 0"]
    other = start_plan(decided, again, "node-ffffffffffff.pyz", b"")  # of another version of ours
    assert [step.id for step in other.steps] == ["program local", "start rank 0"]
    always = start_plan(decided, again, NAME, b"", put_always=True)
    assert [step.id for step in always.steps] == ["program local", "start rank 0"]
    assert there["local"].host == "local"


def test_a_users_manager_holds_the_limits() -> None:
    plan = start_plan(*launch(LINGERS, Limits(1 << 30, 512)), NAME, b"")
    assert lines(plan)[3] == (
        "    run   env XDG_RUNTIME_DIR=/run/user/1234 systemd-run --scope --quiet --collect "
        "--unit=sparkup-vllm_node-a1b2c3d4 -p MemoryMax=1073741824 -p TasksMax=512 --user -- "
        f"{START} <HF_TOKEN"
    )


def test_the_systems_manager_makes_a_scope_without_limits_as_well() -> None:
    plan = start_plan(*launch(AS_ROOT), NAME, b"")
    assert lines(plan)[3] == (
        "    run   systemd-run --scope --quiet --collect --unit=sparkup-vllm_node-a1b2c3d4 -- "
        f"{START} <HF_TOKEN"
    )


def test_the_spec_goes_in_on_standard_input_with_the_secrets_behind_it() -> None:
    step = start_plan(*launch(), NAME, b"").steps[-1]
    assert isinstance(step, Run)
    spec, _, secrets = step.command.input().partition(b"\n")
    assert b'"secrets": ["HF_TOKEN"]' in spec
    assert secrets == f"HF_TOKEN={KEY}\0".encode()
    assert step.command.timeout == 60
    assert step.unbroken


def test_no_form_of_a_plan_shows_a_secret() -> None:
    decided, there = launch()
    plan = start_plan(decided, there, NAME, b"")
    assert KEY not in f"{plan} {document(plan)} {lines(plan)} {decided} {ready_plan(decided, there, NAME)}"


def test_what_is_taken_back_is_this_attempt() -> None:
    assert lines(undo_plan(*launch(), NAME)) == [
        "stop vllm_node on local @ local: stop vllm_node: SIGTERM first, then the rest of its tree",
        f"    run   /usr/bin/python3 -I {FILE} stop vllm_node --root {ROOT} --attempt a1b2c3d4 --patience 3",
    ]


def test_the_wait_until_it_is_ready() -> None:
    decided, there = launch()
    decided = replace(decided, readiness=Readiness("server", "", 30.0, 90.0))
    plan = ready_plan(decided, there, NAME)
    assert lines(plan) == [
        "ready @ local: the process lives, http://127.0.0.1:8000/health is 200, one real request is answered",
        "    wait  ready (no progress for 30 s fails, at most 90 s)",
    ]
    (step,) = plan.steps
    assert isinstance(step, Wait)
    assert step.command.argv[-2:] == ("--attempt", "a1b2c3d4")
    assert step.script == ("/usr/bin/python3", "-I", FILE, "ready", "vllm_node", "--root", str(ROOT))
    assert step.fold() is not step.fold()


@pytest.mark.parametrize(
    ("readiness", "text"),
    [
        (Readiness("port", "1234"), "port 1234 takes connections"),
        (Readiness("http", "http://h/x"), "http://h/x answers"),
        (Readiness("none"), "the process lives"),
    ],
)
def test_what_ready_means(readiness: Readiness, text: str) -> None:
    assert readiness_text(replace(launch()[0], readiness=readiness)) == text


def test_where_the_log_is_while_it_runs_and_afterwards() -> None:
    program = program_on(seen(), NAME)
    assert log_path(program, "a") == folder("launches/a/log")
    assert log_path(program, "a", past=True) == folder("past/a/log")


def start_step() -> Run:
    step = start_plan(*launch(), NAME, b"").steps[-1]
    assert isinstance(step, Run)
    return step


NO_IMAGE = (
    '{"error": "container-failed", "message": "docker: Error response from daemon: No such image: x",'
    ' "status": 125}'
)


# The outputs are those of node.pyz on a live host.
@pytest.mark.parametrize(
    ("status", "output", "kind", "code", "message"),
    [
        (
            74,
            '{"error": "command-not-found", "message": "no-such-program: No such file or directory"}',
            InputRefused,
            "command-not-found",
            "could not be started: no-such-program: No such file or directory",
        ),
        (
            73,
            '{"error": "name-taken", "launch": "vllm_node"}',
            GateRefused,
            "name-taken",
            "vllm_node is already the name of a launch",
        ),
        (
            73,
            '{"error": "port-taken", "launch": "other"}',
            GateRefused,
            "port-taken",
            "port 8000 is the launch other's",
        ),
        (
            73,
            '{"error": "port-taken", "launch": "other", "port": 29501}',
            GateRefused,
            "port-taken",
            "port 29501 is the launch other's",
        ),
        (
            74,
            '{"error": "log-not-writable", "message": "No space left on device"}',
            WorkFailed,
            "log-not-writable",
            "the log cannot be written: No space left on device",
        ),
        (
            74,
            NO_IMAGE,
            InputRefused,
            "image-not-found",
            "host could not start vllm_node: No such image: x",
        ),
        (
            74,
            '{"error": "unsafe-folder", "message": "/var/lib/sparkup belongs to ada"}',
            GateRefused,
            "unsafe-folder",
            "the state cannot be kept there: /var/lib/sparkup belongs to ada",
        ),
    ],
)
def test_why_a_rank_was_not_started(
    status: int, output: str, kind: type[Exception], code: str, message: str
) -> None:
    explain = start_step().explain
    assert explain is not None
    error = explain(Result(status, f"a word of the login\n{output}\n"))
    assert isinstance(error, kind)
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.message, problem.where) == (code, message, "local")


@pytest.mark.parametrize("output", ["", "{", "[]", '{"started": null}', "Traceback (most recent call last):"])
def test_an_answer_that_says_nothing_is_left_to_the_executor(output: str) -> None:
    explain = start_step().explain
    assert explain is not None
    assert explain(Result(1, output)) is None


def test_what_would_not_stop_is_listed() -> None:
    (step,) = undo_plan(*launch(), NAME).steps
    assert isinstance(step, Run)
    assert step.explain is not None
    error = step.explain(Result(1, '{"found": true, "left": [41, 42]}\n'))
    assert isinstance(error, WorkFailed)
    (problem,) = error.problems
    assert (problem.code, problem.where) == ("stop-incomplete", "local")
    assert problem.message == "processes of vllm_node would not end: 41 42"
    assert problem.hint.endswith("sudo kill -9 41 42")
    assert step.explain(Result(1, "")) is None
    assert step.explain(Result(1, "[1]")) is None


@pytest.mark.parametrize(
    ("ended", "said"), [(False, "runs on"), (True, "has ended, its container is still there")]
)
def test_an_engine_that_did_not_answer(ended: bool, said: str) -> None:
    (step,) = undo_plan(*launch(), NAME).steps
    assert isinstance(step, Run)
    assert step.explain is not None
    output = json.dumps({"found": True, "left": [], "problem": "Cannot connect", "ended": ended})
    error = step.explain(Result(1, f"{output}\n"))
    assert error is not None
    (problem,) = error.problems
    assert problem.message == f"vllm_node {said}: Cannot connect"
