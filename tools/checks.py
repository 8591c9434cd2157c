"""The checks of ./dev check: every tool runs, whatever the others say; the end names what failed."""

import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PYTHON_FOLDERS = ("src", "tests", "tools", "bench")
SHELL_FOLDERS = (".ci", "tools", "tests", "bench", "src")
SHELL = re.compile(rb"#!.*\b(ba|da)?sh\s*$")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check ended; `seconds` of wall time."""

    status: int
    output: str
    seconds: float


def commands(root: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the argument vector of every check that applies to a checkout, by name."""
    scripts = Path(sysconfig.get_path("scripts"))
    python = (sys.executable, "-m")
    folders = [name for name in PYTHON_FOLDERS if (root / name).is_dir()]
    every = {
        "lint": (*python, "ruff", "check", "."),
        "format": (*python, "ruff", "format", "--check", "."),
        "types": (*python, "mypy", *folders),
        "imports": (sys.executable, f"{scripts / 'lint-imports'}"),
        "shell": (f"{scripts / 'shellcheck'}", *sorted(shell_scripts(root))),
    }
    if (root / "tools/docs.py").exists() or (root / "tools/docs").is_dir():
        every["docs"] = (*python, "tools.docs", "--check")
    return every


def shell_scripts(root: Path) -> Iterator[str]:
    """Yield the paths of the shell scripts, known by their first line, or by .sh when sourced."""
    files = [*root.iterdir()]
    for folder in SHELL_FOLDERS:
        files += (root / folder).rglob("*")
    for file in files:
        if file.is_file() and (file.suffix == ".sh" or _is_shell(file)):
            yield str(file.relative_to(root))


def _is_shell(file: Path) -> bool:
    with file.open("rb") as lines:
        return SHELL.match(lines.readline(200)) is not None


def run(argv: Sequence[str]) -> Outcome:
    """Run one check from the current folder."""
    began = time.monotonic()
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, time.monotonic() - began)


def main(names: Sequence[str]) -> int:
    """Run all checks, or those named, one for each processor at a time; return 1 if one failed."""
    every = commands(Path())
    if unknown := [name for name in names if name not in every]:
        print(f"no check is called {unknown[0]}; there are: {', '.join(every)}", file=sys.stderr)
        return 2
    chosen = names or list(every)
    failed: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = pool.map(run, (every[name] for name in chosen))
        for name, outcome in zip(chosen, outcomes, strict=True):
            print(f"{name}: {'FAILED' if outcome.status else 'ok'} ({outcome.seconds:.1f} s)")
            if outcome.status:
                print(outcome.output, flush=True)
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0
