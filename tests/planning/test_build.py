"""The steps of a build, and that a name only ever means an image that passed its checks."""

import json
from dataclasses import replace
from pathlib import PurePosixPath

from sparkup.commands.node import Program
from sparkup.domain.build import ImageVariant, Inputs, Measured, Record, Source
from sparkup.domain.plan import Plan, Put, Run
from sparkup.planning.build import Building, check_plan, make_plan, name_plan, undo_plan
from sparkup.planning.build_progress import BuildProgress

ROOT = PurePosixPath("/var/lib/sparkup")
COMMIT = "a" * 40
FILES = {
    "Dockerfile": b"ARG VLLM_REF=main\nARG BUILD_JOBS=16\nARG BASE_IMAGE=b\nFROM $BASE_IMAGE\n",
    "x/y": b"1",
}
INPUTS = Inputs(
    ImageVariant.SOURCE,
    "linux/arm64",
    "b",
    (Source("vllm", "https://example.org/vllm.git", "main", COMMIT),),
    arguments={"VLLM_REF": COMMIT, "BUILD_JOBS": "16", "BASE_IMAGE": "b", "TORCH_CUDA_ARCH_LIST": "12.1a"},
)
MAKING = Building(
    id="ab12",
    host="spark1",
    tag="vllm-node",
    inputs=INPUTS,
    files=FILES,
    check=b"print()",
    root=ROOT,
    program=Program("/usr/bin/python3", ROOT / "bin" / "node.pyz", ROOT),
)
RECORD = Record("f1", INPUTS, Measured(1.0, "spark1", "docker 26", 1, 1.0))


def planned(making: Building = MAKING) -> Plan:
    return make_plan(making, BuildProgress("spark1", {}))


def run(plan: Plan, step: str) -> tuple[str, ...]:
    return next(each.command.argv for each in plan.steps if isinstance(each, Run) and each.id == step)


def test_the_context_has_the_record_and_the_check_is_beside_it() -> None:
    puts = {str(step.path): step.content for step in planned().steps if isinstance(step, Put)}
    folder = "/var/lib/sparkup/builds/ab12"
    assert {*puts} == {
        f"{folder}/context/Dockerfile",
        f"{folder}/context/x/y",
        f"{folder}/context/sparkup-build.json",
        f"{folder}/check.py",
    }
    assert json.loads(puts[f"{folder}/context/sparkup-build.json"]) == json.loads(INPUTS.text)


def test_the_build_is_given_what_differs_from_the_dockerfile_under_a_name_of_its_own() -> None:
    argv = run(planned(), "build")
    assert argv[argv.index("--tag") + 1] == "vllm-node:candidate-ab12"
    given = [argv[place + 1] for place, word in enumerate(argv) if word == "--build-arg"]
    assert given == [f"VLLM_REF={COMMIT}", "TORCH_CUDA_ARCH_LIST=12.1a"]
    labels = dict(argv[place + 1].split("=", 1) for place, word in enumerate(argv) if word == "--label")
    assert json.loads(labels["sparkup.inputs"]) == json.loads(INPUTS.text)
    assert labels["org.opencontainers.image.revision"] == COMMIT
    assert argv[:5] == ("/usr/bin/python3", "-I", "/var/lib/sparkup/bin/node.pyz", "guard", "--")


def test_wheels_are_another_context_where_docker_takes_one_and_in_the_context_where_not() -> None:
    with_them = replace(MAKING, wheels="/w")
    assert "wheels=/w" in run(planned(replace(with_them, buildx=True)), "build")
    argv = run(planned(with_them), "wheels")
    assert argv[-2:] == ("/w", "/var/lib/sparkup/builds/ab12/context/wheels")
    assert "--build-context" not in run(planned(with_them), "build")
    assert next(step for step in planned(with_them).steps if step.id == "build").after == ("wheels",)


def test_the_check_is_told_of_the_architectures_unless_there_are_none() -> None:
    assert run(check_plan(MAKING), "check")[-3:] == ("/tmp/check.py", "--gpu-arch", "12.1a")
    cpu = replace(MAKING, inputs=replace(INPUTS, arguments={}))
    assert run(check_plan(cpu), "check")[-1] == "/tmp/check.py"


def test_the_name_is_given_after_the_record_is_kept_and_the_image_before_keeps_one() -> None:
    plan = name_plan(MAKING, RECORD, "sha256:new")
    (keep,) = [step for step in plan.steps if isinstance(step, Put)]
    assert str(keep.path) == "/var/lib/sparkup/images/f1.json"
    assert Record.parse(json.loads(keep.content)) == RECORD
    named = next(step for step in plan.steps if step.id == "name")
    assert (named.after, isinstance(named, Run) and named.unbroken) == (("record",), True)
    assert run(plan, "name")[-3:] == ("sha256:new", "vllm-node", "vllm-node:previous")
    assert all("name" in step.after or "end check" in step.after for step in plan.steps[2:])


def test_what_only_the_build_needed_is_taken_away_whatever_happens_meanwhile() -> None:
    steps = undo_plan(MAKING).steps
    assert all(isinstance(step, Run) and step.unbroken for step in steps)
    assert [run(undo_plan(MAKING), step.id)[-1] for step in steps] == [
        "sparkup-check-ab12",
        "vllm-node:candidate-ab12",
        "/var/lib/sparkup/builds/ab12",
    ]
