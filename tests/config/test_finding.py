"""Which cluster.yaml counts, and that one of somebody else's folder is trusted first, as it is."""

from pathlib import Path

import pytest

from sparkup.config.finding import Found, digest, find, trust, untrusted
from sparkup.errors import GateRefused, InputRefused

TEXT = "hosts: {a: }\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user in a folder of theirs; return where their own file would be."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("SPARKUP_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    path = tmp_path / "home" / ".config" / "sparkup" / "cluster.yaml"
    path.parent.mkdir(parents=True)
    return path


def test_there_need_not_be_any(own: Path) -> None:
    assert not own.exists()
    assert find() is None
    assert find("none") is None


def test_the_users_own_is_trusted(own: Path) -> None:
    own.write_text(TEXT)
    assert find() == Found(own)
    assert Found(own).trusted


def test_the_one_in_this_folder_comes_first_and_is_trusted_as_it_is(own: Path) -> None:
    own.write_text(TEXT)
    here = Path("cluster.yaml")
    here.write_text(TEXT)
    found = find()
    assert found == Found(here, digest(here))
    assert not found.trusted
    trust(found)
    assert found.trusted
    assert "sparkup trust cluster.yaml" in untrusted(found).problems[0].hint
    here.write_text(TEXT + "# changed\n")
    again = find()
    assert again is not None
    assert not again.trusted
    assert find("none") is None


def test_what_is_trusted_is_known_to_this_user_alone(own: Path, tmp_path: Path) -> None:
    own.write_text(TEXT)
    trust(Found(own, digest(own)))
    assert (tmp_path / "state" / "trusted").stat().st_mode & 0o777 == 0o700


def test_one_that_is_named_needs_no_trust(own: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(TEXT)
    found = find(str(other))
    assert found == Found(other)
    assert found.trusted
    assert not own.exists()


def test_the_users_own_folder_is_as_good_as_any(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.write_text(TEXT)
    monkeypatch.chdir(own.parent)
    found = find()
    assert found is not None
    assert found.trusted


def test_files_that_are_not_there(own: Path) -> None:
    with pytest.raises(InputRefused) as caught:
        find(str(own))
    assert caught.value.problems[0].where == str(own)
    Path("cluster.yaml").mkdir()
    with pytest.raises(InputRefused):
        find()


def test_a_state_folder_that_cannot_be_written(own: Path, tmp_path: Path) -> None:
    own.write_text(TEXT)
    (tmp_path / "state").write_text("")
    with pytest.raises(GateRefused):
        trust(Found(own, digest(own)))
