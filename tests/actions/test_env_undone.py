"""An environment that cannot be made: the cause is told, whatever else goes wrong, and nothing is left."""

import subprocess
from pathlib import Path

import pytest
from tests import processes
from tests.actions.kinds import OFFLINE, Kind
from tests.actions.test_env import left, make, registry
from tests.user import User
from tests.waiting import LONG

NOWHERE = registry("http://127.0.0.1:1")
# Removes nothing that is there.
BUSY = '#!/bin/sh\nfor last; do [ -e "$last" ] && { echo "rm: $last: busy" >&2; exit 1; }; done\nexit 0\n'


@pytest.fixture
def kind(tmp_path: Path) -> Kind:
    """A kind of environment."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return Kind(folder)


def test_an_undoing_that_fails_does_not_hide_the_cause(user: User, kind: Kind, tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    folder.mkdir()
    (folder / "rm").write_text(BUSY)
    (folder / "rm").chmod(0o755)
    done = make(user, kind, {**NOWHERE, "PATH": f"{folder}:{user.environment['PATH']}"})
    assert done.status == 1
    cause, more = done.json["problems"]
    (name,) = left(user)
    there = user.home / "data" / "envs" / name
    assert cause["code"] == "registry-gone"
    assert more["code"] == "not-undone"
    assert more["message"].startswith(f"{there} may still be there: ")
    assert more["hint"] == f"remove it: rm -r {there}"
    assert user.json("env", "list")["environments"] == []


def test_output_that_nobody_reads_any_more_leaves_nothing_either(user: User, kind: Kind) -> None:
    env = {**user.environment, **OFFLINE, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kind.folder)}
    with subprocess.Popen(kind.argv(user), env=env, stderr=subprocess.PIPE, text=True) as maker:
        assert maker.stderr is not None
        for line in maker.stderr:
            if "StepStarted(id='venv'" in line:
                break
        maker.stderr.close()
        assert maker.wait(2 * LONG) not in (0, None)
    assert left(user) == []
    assert processes.touching(user.home) == []


@pytest.mark.parametrize("cache", ["a file", "read only"])
def test_a_cache_that_cannot_be_written_is_done_without(user: User, kind: Kind, cache: str) -> None:
    """Root writes anywhere; so the folder is one of another kind of file system."""
    if cache == "a file":
        folder = user.home / "cache"
        folder.touch()
    else:
        folder = Path("/proc/sys/cache")
    given = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kind.folder), "PIP_CACHE_DIR": str(folder)}
    done = make(user, kind, given)
    assert done.status == 0, done


def test_without_a_home(user: User, kind: Kind, tmp_path: Path) -> None:
    """The user table knows it."""
    given = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kind.folder), "PIP_CACHE_DIR": str(tmp_path / "c")}
    env = {**user.environment, **OFFLINE, **given}
    del env["HOME"]
    done = subprocess.run(
        kind.argv(user), env=env, capture_output=True, text=True, timeout=2 * LONG, check=False
    )
    assert done.returncode == 0, done
    assert left(user) != []
