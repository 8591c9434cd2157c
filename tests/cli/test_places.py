"""Folders of ours that are named from the current one mean the same to the command and to what it starts."""

from tests.user import User


def test_a_relative_state_folder(user: User) -> None:
    here = {"SPARKUP_STATE_DIR": "kept/state", "SPARKUP_DATA_DIR": "kept/data"}
    done = user.run("launch", "-d", "--name", "long", "--", "sleep", "600", env=here)
    assert done.status == 0, done
    folder = user.home / "kept" / "state" / "launches" / "long"
    assert (folder / "rank.json").exists()
    assert str(folder) in user.run("status", "--json", env=here).out
    done = user.run("stop", "long", env=here)
    assert done.status == 0, done
    assert not folder.exists()


def test_an_empty_home_is_none(user: User) -> None:
    done = user.run("launch", "--", "sh", "-c", 'echo "<${HOME-none}>"', env={"HOME": ""})
    assert (done.status, done.out) == (0, "<none>\n"), done
