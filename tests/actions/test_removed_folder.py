"""From a folder that somebody has removed: what needs none works, a launch says what is wrong."""

import pytest
from tests.user import User

GONE = ("sh", "-c", 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"')


@pytest.mark.parametrize("words", [("status",), ("env", "list")])
def test_hosts_can_be_looked_at(user: User, words: tuple[str, ...]) -> None:
    done = user.run(*words, before=(*GONE, str(user.home / "gone")))
    assert (done.status, done.err) == (0, "")


def test_a_launch_needs_a_folder(user: User) -> None:
    done = user.run("launch", "--dry-run", "--", "sleep", "1", before=(*GONE, str(user.home / "gone")))
    assert done.status == 2
    assert "the folder that you are in was removed" in done.err
