"""When an environment may be removed, and in which order it goes."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from tests.planning.hosts import CPU, running

from sparkup.domain.launch import RankState
from sparkup.domain.plan import Run
from sparkup.planning.environment_removal import in_use, removal_plan

REAL = PurePosixPath("/data/envs/cpu-0.32.0-eade65dd")


def refused(rank: RankState, **processes: str) -> list[str]:
    found = {int(name[1:]): command for name, command in processes.items()}
    problems = in_use(CPU, REAL, (rank,), found, "spark1")
    assert all((each.code, each.where) == ("in-use", "spark1") and each.hint for each in problems)
    return [each.message for each in problems]


@pytest.mark.parametrize(
    "spec",
    [
        {"bin": str(CPU.bin)},
        {"bin": str(REAL / "bin")},
        {"argv": [f"{CPU.folder}/bin/vllm", "serve"]},
        {"argv": ["sh", "-c", f"exec {CPU.folder}/bin/vllm serve"]},
        {"env": {"VIRTUAL_ENV": str(CPU.folder)}},
        {"env": {"PATH": f"/usr/bin:{CPU.folder}/bin"}},
    ],
)
def test_a_launch_that_uses_it_in_any_way(spec: dict[str, object]) -> None:
    assert refused(replace(running(), spec=spec)) == [
        f"{CPU.name} is used by the launch vllm_node (pid 4711)"
    ]
    assert refused(replace(running(alive=False), spec=spec)) == []


@pytest.mark.parametrize("other", [f"{CPU.folder}0/bin", f"{CPU.folder}.old", "/other/envs/" + CPU.name])
def test_a_launch_that_uses_another(other: str) -> None:
    assert refused(replace(running(), spec={"bin": other})) == []


def test_a_process_that_is_a_launch_is_called_so() -> None:
    assert refused(running(), p4711="vllm") == [f"{CPU.name} is used by the launch vllm_node (pid 4711)"]


def test_processes_that_are_no_launch() -> None:
    one = refused(running(), p12="vllm")
    assert one == [f"{CPU.name} is used by vllm (pid 12)"]
    several = refused(running(), p12="vllm", p13="a", p14="b", p15="c", p16="d")
    assert several == [f"{CPU.name} is used by vllm (pid 12), a (pid 13), b (pid 14) and 2 more"]


def test_it_is_out_of_use_before_anything_of_it_is_deleted() -> None:
    steps = removal_plan(CPU, "h").steps
    away = str(CPU.folder.parent / ".cpu.removed")
    argv = [step.command.argv for step in steps if isinstance(step, Run) and step.unbroken]
    assert argv == [
        ("rm", "-rf", "--", away),
        ("mv", "-T", "--", str(CPU.folder), away),
        ("rm", "-rf", "--", away),
    ]
    assert [step.after for step in steps] == [(), ("clear",), (f"move {CPU.name}",)]
