"""Completion: the scripts of three shells, and what they complete."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.user import User, quoted


@pytest.fixture
def bin_folder(user: User) -> Path:
    """A folder with a program that is called sparkup."""
    folder = user.home / "bin"
    folder.mkdir()
    (folder / "sparkup").write_text(f'#!/bin/sh\nexec {quoted(user.argv())} "$@"\n')
    (folder / "sparkup").chmod(0o755)
    return folder


def completed(user: User, folder: Path, *words: str) -> list[str]:
    """Return what bash completes the last word to; FILES where it is to complete names of files itself."""
    source = 'eval "$(sparkup completion bash)"; compopt() { echo FILES; }; complete -p sparkup >/dev/null'
    line = " ".join(words)
    script = (
        f"{source}; COMP_WORDS=({quoted(words)}); COMP_CWORD={len(words) - 1}; COMP_LINE={quoted([line])};"
        f" COMP_POINT={len(line)}; _sparkup_completion sparkup; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    env = {**user.environment, "PATH": f"{folder}{os.pathsep}{user.environment['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("sparkup", "la"), {"launch"}),
        pytest.param(("sparkup", "st"), {"start", "status", "stop"}, marks=pytest.mark.e2e),
        (("sparkup", "launch", "--na"), {"--name"}),
        (("sparkup", "start", "--na"), {"--name"}),
        pytest.param(("sparkup", "status", "--progress", "p"), {"plain"}, marks=pytest.mark.e2e),
        (("sparkup", "status", "--bogus", "--wa"), {"--watch"}),
        pytest.param(("sparkup", "lauch", "--na"), set(), marks=pytest.mark.e2e),
        pytest.param(("sparkup", "env", "re"), {"remove"}, marks=pytest.mark.e2e),
        (("sparkup", "launch", "--", "vllm", "--na"), {"FILES"}),
        (("sparkup", "facts", "m"), {"machine", "memory"}),
        (("sparkup", "facts", "pa"), {"parse"}),
        pytest.param(("sparkup", "facts", "show", "m"), {"machine", "memory"}, marks=pytest.mark.e2e),
        (("sparkup", "facts", "parse", "nv"), {"nvidia_smi"}),
    ],
)
def test_bash_completes(user: User, bin_folder: Path, words: tuple[str, ...], expected: set[str]) -> None:
    assert set(completed(user, bin_folder, *words)) == expected


def test_names_of_launches(user: User, bin_folder: Path) -> None:
    for name in ("mine", "more", "other"):
        (user.state / "launches" / name).mkdir(parents=True)
    for verb in ("stop", "logs", "exec"):
        assert completed(user, bin_folder, "sparkup", verb, "m") == ["mine", "more"]
    assert completed(user, bin_folder, "sparkup", "stop", "") == ["mine", "more", "other"]
    assert completed(user, bin_folder, "sparkup", "stop", "--host", "spark1", "m") == []
    assert completed(user, bin_folder, "sparkup", "exec", "mine", "m") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(user: User, shell: str) -> None:
    done = user.run("completion", shell)
    assert done.status == 0
    assert f"_SPARKUP_COMPLETE={shell}_complete" in done.out
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=done.out, text=True, check=True)
