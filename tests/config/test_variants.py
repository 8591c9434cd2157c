"""The data of managed environments: it loads, and its locks are whole."""

import ast
import re

import pytest

from sparkup.config.variants import tiny_model_program, variant, variants
from sparkup.errors import InputRefused

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def requirements(name: str) -> list[str]:
    """Return the logical lines of a lock, comments left out."""
    text = variant(name).lock.decode().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def test_there_is_an_environment_for_the_cpu_and_one_for_cuda() -> None:
    assert set(variants()) == {"cpu", "cuda"}
    assert variant("cpu").needs_cpu_torch
    assert not variant("cuda").needs_cpu_torch


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputRefused) as caught:
        variant("rocm")
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("unknown-environment", "there are: cpu, cuda")


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_a_variant_says_all_that_a_plan_needs(name: str) -> None:
    found = variant(name)
    assert found.pythons[0] == "3.11"
    assert {"x86_64", "aarch64"} == set(found.downloads) == set(found.glibc)
    assert max(found.downloads.values()) < found.disk
    assert all(re.fullmatch(r"\d+\.\d+", text) for text in found.glibc.values())


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_every_requirement_of_a_lock_is_one_version_with_hashes(name: str) -> None:
    lines = requirements(name)
    assert len(lines) > 50
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+==[^\s;]+", line), line
        assert HASH.search(line), line
    names = [
        re.split("==", line)[0].lower() + line.partition(";")[2].partition("--hash")[0] for line in lines
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_a_lock_names_no_host(name: str) -> None:
    text = variant(name).lock.decode()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|-f|--find-links)\b", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_a_lock_holds_the_engine_and_the_torch_that_it_says(name: str) -> None:
    found, lines = variant(name), requirements(name)
    engines = [line for line in lines if re.match(r"vllm(-cpu)?==", line)]
    assert engines
    assert all(f"=={found.vllm}" in line for line in engines)
    torch = [line for line in lines if line.startswith("torch==")]
    assert any(f"=={found.torch}" in line for line in torch), torch


def test_the_program_of_the_tiny_model_is_one() -> None:
    assert ast.parse(tiny_model_program()).body
