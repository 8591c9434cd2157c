"""Variants are told apart by their locks."""

from dataclasses import replace

from sparkup.domain.variant import Variant

CPU = Variant("cpu", "0.32.0", "2.13.0+cpu", ("3.11",), {"x86_64": 1}, {"x86_64": "2.31"}, 1, b"a==1\n")


def test_another_lock_makes_another_digest() -> None:
    assert len(CPU.digest) == 8
    assert CPU.digest == replace(CPU, vllm="0.33.0").digest
    assert CPU.digest != replace(CPU, lock=b"a==2\n").digest


def test_the_cpu_build_of_torch_has_a_version_of_its_own() -> None:
    assert CPU.needs_cpu_torch
    assert not replace(CPU, torch="2.13.0").needs_cpu_torch
