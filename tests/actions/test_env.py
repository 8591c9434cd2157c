"""Managed environments: made from a lock, listed, removed; one that cannot be made leaves nothing."""

import json
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests import processes
from tests.actions.kinds import NAME, OFFLINE, Kind
from tests.node.servers import Reply, Served, serving
from tests.user import Done, User
from tests.waiting import LONG, until


@pytest.fixture
def kind(tmp_path: Path) -> Kind:
    """A kind of environment whose wheel is in a folder of its own."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return Kind(folder)


def make(user: User, kind: Kind, env: Mapping[str, str], **changes: object) -> Done:
    """Make an environment; wait for the end of it."""
    done = subprocess.run(
        kind.argv(user, **changes),
        env={**user.environment, **OFFLINE, **env},
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def left(user: User) -> list[str]:
    """Return what is in the folder of environments, but for the locks of those who make some."""
    folder = user.home / "data" / "envs"
    return [path.name for path in folder.glob("*") if path.suffix != ".lock"]


def test_made_used_listed_and_removed(user: User, kind: Kind) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kind.folder)}
    first = make(user, kind, offline)
    assert first.status == 0, first
    row = first.json["environments"][0]
    assert (row["variant"], row["vllm"], row["current"]) == ("tiny", "1.0", True)
    assert left(user) == [row["name"]]
    again = make(user, kind, offline)
    assert again.json["note"] == "it was there already"
    assert [each["name"] for each in user.json("env", "list")["environments"]] == [row["name"]]
    assert row["name"] in user.run("env", "list").out

    assert user.run("launch", "-d", "--venv", "tiny", "--", "python3", "-m", "http.server", "0").status == 0
    environment = Path(f"/proc/{user.row()['pid']}/environ").read_bytes()
    assert f"VIRTUAL_ENV={row['folder']}\0".encode() in environment
    refused = user.run("env", "remove", "tiny")
    assert refused.status == 5
    assert f"{row['name']} is used by the launch vllm_node" in refused.err
    assert left(user) == [row["name"]]
    user.run("stop")
    removed = user.run("env", "remove", row["name"])
    assert (removed.status, removed.out) == (0, f"removed {row['name']}\n")
    assert left(user) == []
    assert user.json("env", "list")["environments"] == []


def test_there_are_none(user: User) -> None:
    assert user.run("env", "list").out == "no managed environments; make one: sparkup env create cpu\n"
    done = user.run("env", "remove", "cpu")
    assert done.status == 2
    assert "no managed environment 'cpu'" in done.err


def test_a_disk_that_is_too_small_is_seen_before_anything_is_written(user: User, tiny_disk: Path) -> None:
    done = user.run("env", "create", "cpu", env={"SPARKUP_DATA_DIR": str(tiny_disk), **OFFLINE})
    assert done.status == 5
    assert "are free at" in done.err
    assert "SPARKUP_DATA_DIR" in done.err
    assert [path for path in tiny_disk.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def registry(url: str) -> dict[str, str]:
    """Return the variables that let pip ask a registry of ours."""
    return {"PIP_INDEX_URL": f"{url}/simple"}


def page(kind: Kind) -> Reply:
    """Return the page of a registry that lists the wheel."""
    link = f'<a href="/files/{kind.wheel.name}">{kind.wheel.name}</a>'
    return Reply(200, link.encode(), kind="text/html")


def fetched(served: Served) -> None:
    """Wait until pip asks for the wheel."""
    until(lambda: [path for path, *_ in served.asked if path.endswith(".whl")], "the wheel is fetched")


PAGE = f"/simple/{NAME.replace('_', '-')}/"


@pytest.mark.e2e
@pytest.mark.parametrize("where", ["page", "wheel"])
def test_a_registry_that_dies_in_the_middle(user: User, kind: Kind, where: str) -> None:
    half = Reply(200, kind.wheel.read_bytes()[:200], cut=True)
    with serving({PAGE: page(kind)}) as served:
        if where == "wheel":
            served.routes[f"/files/{kind.wheel.name}"] = half
        else:
            served.routes.clear()
        done = make(user, kind, registry(served.url))
    assert done.status == 1, done
    problem = done.json["problems"][0]
    # pip before 25 takes what it got of a file for the whole, and only sees that it is not the locked one.
    assert problem["code"] == "registry-gone" or (where == "wheel" and "it broke off" in problem["message"])
    assert left(user) == []
    assert processes.touching(user.home) == []


@pytest.mark.e2e
def test_a_registry_that_is_not_there(user: User, kind: Kind) -> None:
    done = make(user, kind, registry("http://127.0.0.1:1"))
    assert done.status == 1
    assert done.json["problems"][0]["code"] == "registry-gone"
    assert left(user) == []


@pytest.mark.e2e
def test_a_wheel_that_is_not_the_locked_one(user: User, kind: Kind) -> None:
    with serving({PAGE: page(kind)}) as served:
        served.routes[f"/files/{kind.wheel.name}"] = Reply(200, kind.wheel.read_bytes() + b"more")
        done = make(user, kind, registry(served.url))
    assert done.status == 1
    assert done.json["problems"][0]["code"] in ("install-failed", "registry-gone")
    assert left(user) == []


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_broken_off_in_the_middle_nothing_is_left(user: User, kind: Kind, number: signal.Signals) -> None:
    with serving({PAGE: page(kind)}) as served:
        served.routes[f"/files/{kind.wheel.name}"] = Reply(hangs=True)
        env = {**user.environment, **OFFLINE, **registry(served.url)}
        with subprocess.Popen(
            kind.argv(user), env=env, stdout=subprocess.PIPE, start_new_session=True
        ) as maker:
            fetched(served)
            assert left(user) != []
            maker.send_signal(number)
            out, _ = maker.communicate(timeout=2 * LONG)
        assert maker.returncode == 130
    assert json.loads(out)["problems"][0]["code"] == "interrupted"
    assert left(user) == []
    assert processes.touching(user.home) == []


@pytest.mark.e2e
def test_a_maker_that_is_killed_leaves_nothing_that_runs_and_no_lock(user: User, kind: Kind) -> None:
    with serving({PAGE: page(kind)}) as served:
        served.routes[f"/files/{kind.wheel.name}"] = Reply(hangs=True)
        env = {**user.environment, **OFFLINE, **registry(served.url)}
        with subprocess.Popen(kind.argv(user), env=env, start_new_session=True) as maker:
            fetched(served)
            maker.kill()
        until(lambda: processes.touching(user.home) == [], "pip ends with who had started it")
    assert user.json("env", "list")["environments"] == []  # what is half made does not count
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kind.folder)}
    assert make(user, kind, offline).status == 0


@pytest.mark.e2e
def test_of_two_makers_one_waits(user: User, kind: Kind) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kind.folder)}
    env = {**user.environment, **OFFLINE, **offline}
    argv = kind.argv(user)
    makers = [
        subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    outputs = [maker.communicate(timeout=3 * LONG) for maker in makers]
    assert [maker.returncode for maker in makers] == [0, 0]
    notes = sorted(json.loads(out)["note"] for out, _ in outputs)
    assert notes[0] == "it was there already"
    assert notes[1].startswith("made in ")


def test_no_build_for_the_machine(user: User, kind: Kind) -> None:
    done = make(user, kind, {}, downloads={"vax": 1}, glibc={"vax": "2.17"})
    assert done.status == 5
    assert done.json["problems"][0]["code"] == "unsupported-platform"
    assert left(user) == []
