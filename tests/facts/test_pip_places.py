"""Where pip writes, from what a host says of its variables and folders."""

from pathlib import Path

import pytest
from tests.fixtures.record import ask

from sparkup.facts.pip_places import PIP_PLACES, PipPlaces, parse


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipPlaces:
    """What this machine answers to a user with a home of their own."""
    for name in ("TMPDIR", "PIP_CACHE_DIR", "XDG_CACHE_HOME", "SPARKUP_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return looked()


def looked() -> PipPlaces:
    """Ask this machine."""
    return parse(ask(PIP_PLACES, "python3"))


def test_where_pip_writes_by_itself(found: PipPlaces, tmp_path: Path) -> None:
    assert found.environments.path == f"{tmp_path}/.local/share/sparkup/envs"
    assert found.temporary.path == "/tmp"
    assert found.cache.path == f"{tmp_path}/.cache/pip"
    assert found.cache.device == tmp_path.stat().st_dev
    assert found.cache.free > 0


@pytest.mark.usefixtures("found")
def test_variables_name_other_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("SPARKUP_DATA_DIR", "/d")
    found = looked()
    assert (found.temporary.path, found.cache.path) == (str(tmp_path), "/x/pip")
    assert found.environments.path == "/d/envs"
    monkeypatch.setenv("PIP_CACHE_DIR", "/y")
    monkeypatch.setenv("TMPDIR", "/no/such/folder")
    found = looked()
    assert (found.temporary.path, found.cache.path) == ("/tmp", "/y")
