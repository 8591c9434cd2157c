"""The managed environments that this sparkup knows, read from its package data."""

import json
from functools import cache
from importlib import resources

from sparkup.domain.variant import Variant
from sparkup.errors import InputRefused, Problem


@cache
def variants() -> dict[str, Variant]:
    """Return all variants by name."""
    folder = resources.files("sparkup") / "data" / "envs"
    table = json.loads((folder / "variants.json").read_text(encoding="utf-8"))
    return {
        name: Variant(
            name=name,
            vllm=each["vllm"],
            torch=each["torch"],
            pythons=tuple(each["pythons"]),
            downloads=each["download_bytes"],
            glibc=each["glibc"],
            disk=each["disk_bytes"],
            needs_gpu=each["gpu"],
            driver=each["driver"],
            lock=(folder / f"{name}.lock").read_bytes(),
        )
        for name, each in table.items()
    }


def variant(name: str) -> Variant:
    """Return one variant; raises InputRefused for an unknown one."""
    known = variants()
    if name not in known:
        raise InputRefused(
            Problem(
                "unknown-environment",
                f"no kind of environment is called {name!r}",
                hint=f"there are: {', '.join(known)}",
            )
        )
    return known[name]


def tiny_model_program() -> bytes:
    """Return the program that writes the tiny model of `sparkup try`."""
    return (resources.files("sparkup") / "data" / "tiny_model.py").read_bytes()
