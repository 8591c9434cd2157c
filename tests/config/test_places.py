"""Where the control machine keeps what can be deleted, whatever the login has set."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

PRINT = (
    "import os; from sparkup.config import places as p; p.settle();"
    "print(p.state(), p.recorded_facts(), p.journals(), os.environ.get('SPARKUP_DATA_DIR'),"
    " os.environ.get('HOME'), sep='\\n')"
)
ASK = [sys.executable, "-c", PRINT]


def asked(*argv: str, cwd: Path = Path("/"), **variables: str) -> subprocess.CompletedProcess[str]:
    path = {"PYTHONPATH": ":".join(sys.path)}
    return subprocess.run(
        argv or ASK, env=path | variables, cwd=cwd, capture_output=True, text=True, check=False
    )


def places(cwd: Path = Path("/"), **variables: str) -> list[Path]:
    done = asked(cwd=cwd, **variables)
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines()]


def test_a_folder_that_is_named() -> None:
    root = Path("/srv/state")
    assert places(SPARKUP_STATE_DIR=str(root))[:3] == [root, root / "facts", root / "journal"]


def test_a_folder_that_is_named_from_here(tmp_path: Path) -> None:
    found = places(tmp_path, SPARKUP_STATE_DIR="state", SPARKUP_DATA_DIR="../data")
    assert found[0] == tmp_path / "state"
    assert found[3] == tmp_path / "../data"


def test_the_state_folder_of_the_user() -> None:
    assert places(HOME="/home/ada")[0] == Path("/home/ada/.local/state/sparkup")
    assert places(HOME="/home/ada", XDG_STATE_HOME="/x")[0] == Path("/x/sparkup")
    assert places(HOME="/home/ada", SPARKUP_STATE_DIR="")[0] == Path("/home/ada/.local/state/sparkup")


def test_without_a_home_it_is_that_of_the_user_table() -> None:
    home = pwd.getpwuid(os.getuid()).pw_dir
    for found in (places(), places(HOME="")):
        assert found[0] == Path(home, ".local/state/sparkup")
        assert found[4] == Path("None")  # what we start asks the user table as well


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be a user whom no table knows")
def test_a_user_whom_no_table_knows() -> None:
    loaded = "import os; from sparkup.config import places as p; p.state(); os.setuid(47110);"
    said = asked(sys.executable, "-c", loaded + PRINT).stderr
    assert "GateRefused: no place to keep state" in said
    found = asked(sys.executable, "-c", loaded + PRINT, HOME="/home/x").stdout
    assert found.startswith("/home/x/.local/state/sparkup\n")


def test_a_folder_from_one_that_was_removed(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    argv = ["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *ASK]
    said = asked(*argv, cwd=gone, SPARKUP_STATE_DIR="state").stderr
    assert "GateRefused: SPARKUP_STATE_DIR is state, in a folder that was removed" in said
