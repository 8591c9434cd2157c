"""./sparkup makes its environment when it is needed, and only then."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from tests.tools.checkout import Checkout, finish

BLOCKING_UV = (
    '"$REAL_UV" "$@" || exit',  # so a venv is there, with nothing in it
    'while [ ! -e "$GO" ]; do "$SLEEP" 0.02; done',
)


def wait_for(path: Path, seconds: float = 20) -> None:
    """Poll until a path is there."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def pid_of(word: str, parent: int) -> int:
    """Find the descendant of a process that has a word in its command line."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for child in map(int, children):
        line = Path(f"/proc/{child}/cmdline").read_bytes().decode()
        if word in line and "python" in line.partition("\0")[0]:
            return child
        if found := pid_of(word, child):
            return found
    return 0


def blocked(checkout: Checkout) -> dict[str, str]:
    """Make uv wait, after its first step, for a file; return the environment that it needs."""
    uv = os.path.realpath(checkout.bin / "uv")
    checkout.script("uv", *BLOCKING_UV)
    return {"REAL_UV": uv, "GO": str(checkout.folder / "go"), "SLEEP": shutil.which("sleep") or "sleep"}


def test_the_first_use_sets_up_and_runs(checkout: Checkout) -> None:
    ran = checkout.run("a", "", "b c", "--", "$x")
    assert ran.said["argv"] == ["a", "", "b c", "--", "$x"]
    assert ran.said["prefix"] == str(checkout.venv)
    assert "setting up" in ran.err
    assert (checkout.venv / "requirements.lock").read_bytes() == (
        checkout.root / "requirements.lock"
    ).read_bytes()


def test_the_second_use_needs_no_set_up(checkout: Checkout) -> None:
    checkout.run()
    shutil.rmtree(checkout.root / "tools")
    for program in ("python3", "uv"):
        (checkout.bin / program).unlink()
    ran = checkout.run("--fail")
    assert (ran.status, ran.err) == (7, "")


def test_first_uses_at_the_same_time_set_up_once(checkout: Checkout) -> None:
    rans = [finish(started) for started in [checkout.start() for _ in range(4)]]
    assert [ran.said["locked"] for ran in rans] == ["1.0"] * 4
    assert sum(ran.err.count("setting up") for ran in rans) == 1


def test_a_killed_set_up_is_done_again(checkout: Checkout) -> None:
    env = blocked(checkout)
    first = checkout.start(env=env)
    wait_for(checkout.venv / "bin/python")
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert (checkout.venv / "bin/python").exists()
    Path(env["GO"]).touch()
    assert checkout.run(env=env).said["locked"] == "1.0"


@pytest.mark.parametrize("names", [[], ["bin", "lib"], ["CACHEDIR.TAG", ".gitignore", "bin"]])
def test_an_environment_that_was_hardly_begun_is_made(checkout: Checkout, names: list[str]) -> None:
    for name in names:
        (checkout.venv / name).mkdir(parents=True)
    checkout.venv.mkdir(exist_ok=True)
    assert checkout.run().said["locked"] == "1.0"


def test_a_set_up_waits_for_what_a_killed_one_left_running(checkout: Checkout) -> None:
    env = blocked(checkout)
    first = checkout.start(env=env)
    wait_for(checkout.venv / "bin/python")
    os.kill(pid_of("bootstrap.py", first.pid), signal.SIGKILL)
    second = checkout.start(env=env)
    assert second.stderr is not None
    assert "waiting for another set-up" in second.stderr.readline()
    Path(env["GO"]).touch()
    assert finish(second).said["locked"] == "1.0"
    first.communicate()


def test_ctrl_c_ends_with_130_and_leaves_nothing(checkout: Checkout) -> None:
    first = checkout.start(env=blocked(checkout))
    wait_for(checkout.venv / "bin/python")
    os.killpg(first.pid, signal.SIGINT)
    ran = finish(first)
    assert ran.status in {130, -signal.SIGINT}
    assert "Traceback" not in ran.err
    assert not checkout.venv.exists()


def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.run()
    checkout.lock("2.0")
    assert checkout.run().said["locked"] == "2.0"
    assert checkout.run().err == ""


def test_a_python_that_went_away_is_replaced(checkout: Checkout) -> None:
    checkout.run()
    python = checkout.venv / "bin/python"
    python.unlink()
    python.symlink_to(checkout.folder / "removed by an upgrade")
    assert checkout.run().said["locked"] == "1.0"


def test_the_callers_python_settings_do_not_matter_to_uv_and_pip(checkout: Checkout) -> None:
    junk = checkout.folder / "junk"
    junk.mkdir()
    for name in ("json", "locked", "sparkup", "sitecustomize", "fcntl", "pip"):
        (junk / f"{name}.py").write_text("raise SystemExit('not this one')\n")
    env = {
        "PYTHONPATH": str(junk), "PYTHONHOME": "/nonexistent", "VIRTUAL_ENV": str(junk),
        "CONDA_PREFIX": str(junk), "PIP_TARGET": str(junk), "PIP_USER": "1",
        "UV_SYSTEM_PYTHON": "1", "UV_PYTHON": "3.9", "UV_PROJECT_ENVIRONMENT": str(junk),
    }  # fmt: skip
    assert checkout.run(cwd=junk, env=env).said["prefix"] == str(checkout.venv)
    assert checkout.run(cwd=junk, env=env).said["locked"] == "1.0"
    # The same with pip, which does it where uv is not there or cannot.
    shutil.rmtree(checkout.venv)
    checkout.script("uv", "echo this uv is broken", "exit 1")
    ran = checkout.run(cwd=junk, env=env)
    assert ran.said["locked"] == "1.0"
    assert "this uv is broken" in ran.err


def test_it_runs_through_symbolic_links_and_from_anywhere(checkout: Checkout) -> None:
    (checkout.folder / "links").mkdir()
    (checkout.folder / "links/one").symlink_to("../a checkout/sparkup")
    (checkout.folder / "two").symlink_to(checkout.folder / "links/one")
    ran = checkout.run(program=checkout.folder / "two", cwd=Path("/"))
    assert ran.said["prefix"] == str(checkout.venv)
    assert checkout.run(program="./sparkup", cwd=checkout.root).err == ""
    assert checkout.run(program="../sparkup", cwd=checkout.root / "src").err == ""


def test_a_moved_checkout_runs_its_own_code(checkout: Checkout) -> None:
    checkout.run()
    moved = checkout.folder / "moved"
    shutil.copytree(checkout.root, moved, symlinks=True)
    (moved / "src/sparkup/__init__.py").write_text("# another version\n")
    said = checkout.run(program=moved / "sparkup").said
    assert said["code"] == str(moved / "src/sparkup/__init__.py")
