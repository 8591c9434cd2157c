"""Environments that are removed: only when nothing uses them, and never half."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests import processes
from tests.actions.kinds import OFFLINE, Kind
from tests.actions.test_env import left, make
from tests.user import User
from tests.waiting import until


@pytest.fixture
def made(user: User, tmp_path: Path) -> Path:
    """The folder of an environment."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    done = make(user, Kind(folder), {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)})
    assert done.status == 0, done
    return Path(done.json["environments"][0]["folder"])


def copied(made: Path, name: str) -> Path:
    """Return a second environment of the variant: its record makes it one."""
    other = made.parent / name
    other.mkdir()
    (other / "sparkup-env.json").write_bytes((made / "sparkup-env.json").read_bytes())
    return other


def test_one_that_runs_by_its_absolute_path_is_in_use(user: User, made: Path) -> None:
    server = (str(made / "bin" / "python"), "-m", "http.server", "0")
    assert user.run("launch", "-d", "--venv", "none", "--", *server).status == 0
    pid = user.row()["pid"]
    refused = user.run("env", "remove", "tiny")
    assert refused.status == 5
    assert f"{made.name} is used by the launch vllm_node (pid {pid})" in refused.err
    assert "sparkup stop vllm_node" in refused.err
    user.run("stop")
    assert user.run("env", "remove", "tiny").status == 0


def test_a_process_of_its_own_is_named(user: User, made: Path) -> None:
    argv = [str(made / "bin" / "python"), "-c", "input()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        until(lambda: str(made) in processes.command(process.pid), "it has become the program")
        refused = user.run("env", "remove", made.name)
        assert process.stdin is not None
        process.stdin.close()
    assert refused.status == 5
    assert f"{made.name} is used by python (pid {process.pid})" in refused.err
    assert left(user) == [made.name]


def test_what_a_broken_removal_has_left_is_no_environment_and_goes_with_the_next(
    user: User, made: Path
) -> None:
    made.rename(made.parent / ".tiny.removed")
    assert user.json("env", "list")["environments"] == []
    done = user.run("env", "remove", made.name)
    assert (done.status, done.out) == (0, "removed what an earlier removal had left\n")
    assert list(made.parent.glob(".*.removed")) == []
    assert user.run("env", "remove", made.name).status == 2


def test_what_is_left_goes_when_the_next_is_made(user: User, made: Path, tmp_path: Path) -> None:
    made.rename(made.parent / ".tiny.removed")
    wheels = tmp_path / "wheels"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    assert make(user, Kind(wheels), offline).status == 0
    assert list(made.parent.glob(".*.removed")) == []


def test_of_several_the_rest_is_removed_and_what_is_not_is_said(user: User, made: Path) -> None:
    """One is a mount point: it cannot be moved."""
    stays = copied(made, "tiny-other")
    mounted = subprocess.run(["mount", "--bind", str(stays), str(stays)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting needs root")
    try:
        done = user.run("env", "remove", "tiny", "--json")
    finally:
        subprocess.run(["umount", str(stays)], check=True)
    assert done.status == 3
    (problem,) = done.json["problems"]
    assert problem["message"].startswith("take tiny-other out of use: exit status")
    assert done.json["note"] == f"removed {made.name}; still there: tiny-other"
    assert left(user) == ["tiny-other"]


SLOW = """#!{python}
import os, subprocess, sys
open({mark!r}, "w").close()
while not os.path.exists({go!r}):
    pass
sys.exit(subprocess.call(["/bin/mv", *sys.argv[1:]]))
"""


def test_a_removal_that_is_broken_off_says_what_is_gone(user: User, made: Path, tmp_path: Path) -> None:
    """`mv` is slow: the signal comes in the middle of the first of two."""
    copied(made, "tiny-other")
    folder, mark, go = tmp_path / "slow", tmp_path / "mark", tmp_path / "go"
    folder.mkdir()
    (folder / "mv").write_text(SLOW.format(python=sys.executable, mark=str(mark), go=str(go)))
    (folder / "mv").chmod(0o755)
    path = {"PATH": f"{folder}:{user.environment['PATH']}"}
    with user.running("env", "remove", "tiny", "--json", env=path) as running:
        until(mark.exists, "the first is taken out of use")
        running.signal()
        go.touch()
        done = running.done()
    assert done.status == 130, done
    (still,) = left(user)
    gone = ({made.name, "tiny-other"} - {still}).pop()
    message = done.json["problems"][0]["message"]
    assert message == f"broken off: removed {gone}; still there: {still}"


@pytest.mark.parametrize("where", ["environment", "file"])
def test_pip_is_told_to_put_it_elsewhere_and_it_goes_where_it_belongs(
    user: User, tmp_path: Path, where: str
) -> None:
    wheels, elsewhere = tmp_path / "wheels", tmp_path / "elsewhere"
    wheels.mkdir()
    poison = tmp_path / "poison"
    poison.mkdir()
    (poison / "sparkup_test_engine.py").write_text("raise SystemExit('not the one that was installed')\n")
    wrong = {"target": elsewhere, "prefix": elsewhere, "root": elsewhere, "constraint": "/no/such/file"}
    wrong |= {"user": "true", "require-virtualenv": "true", "dry-run": "true", "no-binary": ":all:"}
    config = tmp_path / "pip.conf"
    config.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in wrong.items()))
    variables = {f"PIP_{name.upper().replace('-', '_')}": str(value) for name, value in wrong.items()}
    given = {"PIP_CONFIG_FILE": str(config)} if where == "file" else variables
    given |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "VIRTUAL_ENV": str(elsewhere)}
    source = user.environment["PYTHONPATH"]
    done = make(user, Kind(wheels), {**OFFLINE, **given, "PYTHONPATH": f"{poison}:{source}"})
    assert done.status == 0, done
    assert not elsewhere.exists()
    folder = Path(done.json["environments"][0]["folder"])
    assert list(folder.glob("lib/*/site-packages/sparkup_test_engine.py"))
