"""Make the lock files anew: python -m tools.lock [--upgrade]. Run by hand, through ./dev lock.

Versions that are locked already stay, unless --upgrade is given or something rules them out.
"""

import argparse
import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.environments import CPU, CUDA, FOLDER, MACHINES, NEXT_PYTHON, PYTHONS, Variant, lock

# The oldest Python; a lock serves the later ones as well.
COMPILE = ("--universal", "--python-version", PYTHONS[0], "--no-emit-index-url", "--quiet")


def compile_lock(*arguments: str, cwd: Path = Path()) -> None:
    """Resolve with uv, which keeps the versions of an output file that is there."""
    uv = Path(sysconfig.get_path("scripts"), "uv")
    subprocess.run([uv, "pip", "compile", *COMPILE, *arguments], cwd=cwd, check=True)


def lock_checkout(upgrade: Sequence[str]) -> None:
    """Lock what the two entry scripts install."""
    common = ("--generate-hashes", "--custom-compile-command", "./dev lock", *upgrade)
    compile_lock(*common, "pyproject.toml", "-o", "requirements.lock")
    compile_lock(
        *(*common, "pyproject.toml", "--group", "dev"),
        *("-c", "requirements.lock", "-o", "requirements-dev.lock"),
    )


def resolve(variant: Variant, upgrade: Sequence[str]) -> str:
    """Return the pylock.toml of a variant, resolved for Linux and CPython alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(linux_only())
        (folder / "in.txt").write_text("\n".join(variant.requirements))
        (folder / "left-out.txt").write_text(
            "".join(f"{package} ; python_version < '0'\n" for package in variant.left_out)
        )
        if variant.lock.exists():
            shutil.copy(variant.lock, folder / "pins.txt")
        common = ("--only-binary", ":all:", "--overrides", "left-out.txt", "in.txt")
        # Twice, because only the first form keeps versions, and only the second tells sizes.
        compile_lock(*common, *upgrade, "--no-annotate", "-o", "pins.txt", cwd=folder)
        compile_lock(*common, "-c", "pins.txt", "-o", "pylock.toml", cwd=folder)
        return (folder / "pylock.toml").read_text()


def linux_only() -> str:
    """Return a project file that tells uv where the lock will be used."""
    wheres = [
        f"sys_platform == 'linux' and platform_machine == '{machine}'"
        " and implementation_name == 'cpython' and platform_python_implementation == 'CPython'"
        f" and python_full_version < '{NEXT_PYTHON}'"
        for machine in MACHINES
    ]
    return f'[project]\nname = "lock"\nversion = "0"\n[tool.uv]\nenvironments = {wheres}\n'


def main(arguments: Sequence[str]) -> int:
    """Write all locks; return the exit status."""
    parser = argparse.ArgumentParser(prog="./dev lock", description="Make the lock files anew.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade = ("--upgrade",) if parser.parse_args(arguments).upgrade else ()
    try:
        lock_checkout(upgrade)
        entries = {variant.name: lock(variant, lambda of: resolve(of, upgrade)) for variant in (CPU, CUDA)}
    except subprocess.CalledProcessError as error:
        return error.returncode  # uv has said why
    (FOLDER / "variants.json").write_text(json.dumps(entries, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
