"""Processes that run out of an environment, found on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest
from tests.fixtures.record import ask

from sparkup.facts.environment_users import real_paths, users

# Maps a file and overwrites nothing: what is mapped is no word of the command line.
MAPS = (
    "import mmap, sys; file = open(sys.stdin.readline()[:-1]);"
    " kept = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)"
)
WAITS = "; print(flush=True); sys.stdin.read()"


@contextmanager
def running(*argv: str, given: str = "") -> Iterator[int]:
    """Run something that says when it is ready; give its pid."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{given}\n")
        process.stdin.flush()
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


def found(folder: Path) -> dict[int, str]:
    """Ask who uses a folder."""
    named = PurePosixPath(folder)
    where = real_paths([named])
    fact = users(named, where.parse(ask(where, "python3"))[named])
    return fact.parse(ask(fact, "python3"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An environment, which is reached by a symbolic link."""
    (tmp_path / "real" / "cpu-1" / "bin").mkdir(parents=True)
    (tmp_path / "real" / "cpu-1" / "library.so").write_text("x")
    (tmp_path / "real" / "cpu-1" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "envs").symlink_to(tmp_path / "real")
    return tmp_path / "envs" / "cpu-1"


def test_nobody(folder: Path) -> None:
    assert found(folder) == {}


def test_a_program_that_was_started_by_its_path(folder: Path) -> None:
    with running(str(folder / "bin" / "python"), "-c", f"import sys{WAITS}") as pid:
        assert found(folder) == {pid: "python"}
        assert found(folder.parent / "cpu") == {}
    with running(sys.executable, "-c", f"import sys{WAITS}", f"--venv={folder.resolve()}") as pid:
        assert list(found(folder)) == [pid]


def test_one_that_has_its_libraries_loaded(folder: Path) -> None:
    with running(sys.executable, "-c", MAPS + WAITS, given=os.fspath(folder / "library.so")) as pid:
        assert list(found(folder)) == [pid]
    assert found(folder) == {}
