"""Each test of a program for hosts runs under our own Python and under the oldest one promised."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from tests.node.side import Side
from tests.pythons import oldest

from sparkup.run.program import program, program_name


@pytest.fixture(scope="session")
def program_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program for hosts, as it is put there."""
    file = tmp_path_factory.mktemp("program") / program_name()
    file.write_bytes(program())
    return file


def pythons() -> list[ParameterSet]:
    """Return the Pythons to run under: the oldest, the stricter one; in the fault matrix ours as well."""
    if not oldest():
        reason = "there is no Python 3.8 on this machine (pyenv install 3.8)"
        skipped = pytest.param("", id="oldest", marks=pytest.mark.skip(reason))
        return [pytest.param(sys.executable, id="own"), skipped]
    return [
        pytest.param(oldest(), id="oldest"),
        pytest.param(sys.executable, id="own", marks=pytest.mark.e2e),
    ]


@pytest.fixture(scope="session", params=pythons())
def python(request: pytest.FixtureRequest) -> str:
    """A Python that a host may have."""
    path: str = request.param
    return path


@pytest.fixture
def side(python: str, program_file: Path, tmp_path: Path) -> Iterator[Side]:
    """A host's side of sparkup; nothing of it outlives the test."""
    there = Side(python, program_file, tmp_path / "state")
    yield there
    there.close()
