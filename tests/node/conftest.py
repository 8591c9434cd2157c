"""Each test of a program for hosts runs under our own Python and under the oldest one promised."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.node.side import Side

from sparkup.run.program import program, program_name


@pytest.fixture(scope="session")
def program_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program for hosts, as it is put there."""
    file = tmp_path_factory.mktemp("program") / program_name()
    file.write_bytes(program())
    return file


@pytest.fixture(scope="session", params=["own", "oldest"])
def python(request: pytest.FixtureRequest) -> str:
    """A Python that a host may have."""
    if request.param == "own":
        return sys.executable
    found: str = request.getfixturevalue("oldest_python")
    return found


@pytest.fixture
def side(python: str, program_file: Path, tmp_path: Path) -> Iterator[Side]:
    """A host's side of sparkup; nothing of it outlives the test."""
    there = Side(python, program_file, tmp_path / "state")
    yield there
    there.close()
