"""Whether a command of exec can be run in a container, asked of a real shell, and what is said of it."""

import os
import subprocess
from pathlib import Path

import pytest

from sparkup.commands.containers import lookup
from sparkup.domain.command import Result
from sparkup.domain.launch import Engine
from sparkup.planning.entering import WITHOUT_INPUT, first_status, not_run


def looked_up(name: str, where: Path, path: str) -> str:
    """Run what the engine would run in the container."""
    words = lookup(Engine.DOCKER, "c1", name)
    assert words[:3] == ("docker", "exec", "c1")
    done = subprocess.run(
        words[3:], capture_output=True, check=True, text=True, cwd=where, env={"PATH": path}
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("good", "there"),
        ("./b/good", "there"),
        ("both", "there"),
        ("nosuch", "missing"),
        ("./nosuch", "missing"),
        ("folder", "missing"),  # along PATH no shell takes one
        ("", "missing"),
        ("plain", "unfit"),
        ("./a/plain", "unfit"),
        ("./a/folder", "unfit"),
        ("-e", "missing"),
        ("odd name", "there"),
    ],
)
def test_a_command_is_looked_up_as_a_shell_does(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "a" / "folder").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    for file, mode in (("a/plain", 0o644), ("b/good", 0o755), ("a/both", 0o644), ("b/both", 0o755)):
        (tmp_path / file).touch()
        (tmp_path / file).chmod(mode)
    (tmp_path / "b" / "odd name").touch(0o755)
    assert looked_up(name, tmp_path, f"{tmp_path}/a:{tmp_path}/b") == said


def test_without_a_path_nothing_is_found(tmp_path: Path) -> None:
    assert looked_up("ls", tmp_path, "/nope") == "missing"
    assert looked_up("ls", tmp_path, os.environ["PATH"]) == "there"


def test_it_is_looked_up_by_the_user_of_the_command() -> None:
    assert lookup(Engine.PODMAN, "c1", "ls", "nobody")[:5] == ("podman", "exec", "--user", "nobody", "c1")


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [("missing\n", "command-not-found", 127), ("unfit\n", "command-not-executable", 126)],
)
def test_what_is_said_of_it(said: str, code: str, status: int) -> None:
    error = not_run(Result(0, said), "nosuch", "spark1")
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.where, error.exit_status) == (code, "spark1", status)
    assert problem.hint


@pytest.mark.parametrize("said", ["there\n", "", "OCI runtime exec failed"])
def test_a_status_of_its_own_is_left_alone(said: str) -> None:
    assert not_run(Result(126, said), "ls", "spark1") is None


def test_in_several_ranks_a_command_has_no_input_and_one_output() -> None:
    argv = (*WITHOUT_INPUT, "sh", "-c", "cat; echo '$1' >&2; exit 3")
    done = subprocess.run(argv, capture_output=True, check=False, input=b"unread")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"$1\n", b"")


@pytest.mark.parametrize(("statuses", "status"), [((0, 0), 0), ((0, 4, 3), 4), ((), 0)])
def test_the_status_of_several_ranks(statuses: tuple[int, ...], status: int) -> None:
    assert first_status(statuses) == status
