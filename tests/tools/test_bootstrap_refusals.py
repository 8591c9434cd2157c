"""What ./sparkup says, and leaves behind, where an environment cannot be made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tools.checkout import Checkout

# A Debian Python without python3-venv, as bootstrap.py sees it.
WITHOUT_ENSUREPIP = """
import os, runpy, sys
sys.modules["ensurepip"] = None
sys.base_prefix = "/usr"
os.geteuid = lambda: USER
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def debian_python(checkout: Checkout, user: int) -> None:
    """Put a python3 on PATH that has no ensurepip, and is run by a user."""
    program = checkout.folder / "debian.py"
    program.write_text(WITHOUT_ENSUREPIP.replace("USER", str(user)))
    real = os.path.realpath(sys.executable)
    checkout.script(
        "python3", f'[ "$2" = -c ] && exec "{real}" "$@"', "shift", f'exec "{real}" -I "{program}" "$@"'
    )
    (checkout.bin / "uv").unlink()


def test_root_gets_python3_venv_from_apt(checkout: Checkout) -> None:
    debian_python(checkout, user=0)
    calls = checkout.folder / "apt"
    checkout.script(
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >> "{calls}"',
        f'case "$*" in update) echo x > "{calls}.lists" ;; *) [ -e "{calls}.lists" ] ;; esac',
    )
    ran = checkout.run()
    assert ran.said["locked"] == "1.0"
    assert "-venv" in ran.err
    asked = [line.split() for line in calls.read_text().splitlines()]
    assert [line[-1].endswith("-venv") for line in asked] == [True, False, True]
    assert asked[0][0] == "noninteractive"
    assert "update" in asked[1]


def test_others_are_told_how_to_get_it(checkout: Checkout) -> None:
    debian_python(checkout, user=1000)
    checkout.script("apt-get", "echo called >&2")
    ran = checkout.run()
    assert ran.status == 2
    assert "sudo apt-get install python3" in ran.err
    assert "called" not in ran.err
    assert not checkout.venv.exists()


def test_uv_needs_no_ensurepip(checkout: Checkout) -> None:
    uv = os.path.realpath(checkout.bin / "uv")
    debian_python(checkout, user=1000)
    checkout.provide("uv", uv)
    assert checkout.run().said["locked"] == "1.0"


def test_without_a_python_it_says_what_to_install(checkout: Checkout) -> None:
    checkout.script("python3", "case $1 in -V) echo Python 3.8.10 ;; *) exit 1 ;; esac")
    checkout.script("python3.13", "exit 127")  # a shim of a version manager
    checkout.script("uv", "exit 2")
    ran = checkout.run()
    assert ran.status == 2
    assert "Python 3.11 or newer" in ran.err
    assert "Python 3.8.10" in ran.err
    assert "apt-get install python3" in ran.err
    assert not checkout.venv.exists()


def test_a_python_of_uv_will_do(checkout: Checkout) -> None:
    (checkout.bin / "python3").unlink()
    uv = os.path.realpath(checkout.bin / "uv")
    found = os.path.realpath(sys.executable)
    checkout.script("uv", f'[ "$1" = python ] && echo "{found}" && exit', f'exec "{uv}" "$@"')
    assert checkout.run().said["locked"] == "1.0"


def test_a_shim_that_fails_is_passed_over(checkout: Checkout) -> None:
    (checkout.bin / "python3").rename(checkout.bin / "python3.12")
    checkout.script("python3", "echo 'pyenv: python3: command not found' >&2", "exit 127")
    assert checkout.run().said["locked"] == "1.0"


def test_a_registry_that_is_gone_leaves_no_environment(checkout: Checkout) -> None:
    (checkout.bin / "uv").unlink()
    wheel = checkout.wheels / "locked-1.0-py3-none-any.whl"
    wheel.rename(checkout.folder / wheel.name)
    ran = checkout.run()
    assert ran.status == 1
    assert "could not install the packages of requirements.lock" in ran.err
    assert "locked==1.0" in ran.err
    assert "Traceback" not in ran.err
    assert not checkout.venv.exists()


def test_a_wheel_with_another_hash_is_not_installed(checkout: Checkout) -> None:
    uv = os.path.realpath(checkout.bin / "uv")
    debian_python(checkout, user=1000)  # so that pip does not follow
    checkout.provide("uv", uv)
    (checkout.root / "requirements.lock").write_text(f"locked==1.0 --hash=sha256:{'0' * 64}\n")
    ran = checkout.run()
    assert ran.status != 0
    assert "hash mismatch" in ran.err.lower(), ran.err
    assert not checkout.venv.exists()


def test_a_folder_of_the_user_is_left_alone(checkout: Checkout) -> None:
    checkout.venv.mkdir()
    (checkout.venv / "notes").write_text("mine")
    ran = checkout.run()
    assert ran.status == 2
    assert "is in the way" in ran.err
    assert (checkout.venv / "notes").read_text() == "mine"


def test_an_environment_that_others_made_is_replaced(checkout: Checkout) -> None:
    checkout.venv.mkdir()
    (checkout.venv / "pyvenv.cfg").touch()
    assert checkout.run().said["locked"] == "1.0"


def test_a_read_only_checkout_has_its_environment_in_the_cache(checkout: Checkout) -> None:
    cache = checkout.folder / "cache"
    program = read_only(checkout)
    ran = checkout.run(program=program, env={"XDG_CACHE_HOME": str(cache)})
    assert str(ran.said["prefix"]).startswith(str(cache / "sparkup/venv-"))
    assert ran.said["code"] == str(checkout.root / "src/sparkup/__init__.py")
    again = checkout.run(program=program, env={"XDG_CACHE_HOME": str(cache)})
    assert (again.said, again.err) == (ran.said, "")
    assert not checkout.venv.exists()


def read_only(checkout: Checkout) -> Path:
    """Return a program that runs ./sparkup while nothing can be written to the checkout."""
    entry = checkout.root / "sparkup"
    if os.geteuid() != 0:
        checkout.root.chmod(0o555)
        return entry
    # Root may write whatever the mode says: only a file system can keep it out.
    mount, unshare = shutil.which("mount"), shutil.which("unshare")
    if not mount or not unshare or subprocess.run([unshare, "--mount", "true"], check=False).returncode:
        pytest.skip("root, but with no right to mount anything read-only")
    checkout.script(
        "as-read-only",
        f'[ -n "$INSIDE" ] || INSIDE=1 exec "{unshare}" --mount "$0"',
        f'"{mount}" --bind "{checkout.root}" "{checkout.root}"',
        f'"{mount}" -o remount,bind,ro "{checkout.root}"',
        f'exec "{entry}" "$@"',
    )
    return checkout.bin / "as-read-only"
