"""./dev test and e2e install what simulated hosts need, or say beforehand what will be skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.tools.checkout import ROOT

SIMHOSTS = """#!/bin/sh
echo "simhosts $*" >> calls
case $1 in
check) [ -e installed ] || { echo "not installed: dockerd jq" >&2; echo "no cgroups" >&2; exit 1; } ;;
install) [ -e lists ] && touch installed || { echo "E: Unable to locate package jq"; exit 100; } ;;
esac
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> calls
%s
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packages are only installed on Linux")


@dataclass(frozen=True, slots=True)
class Provided:
    """What was run, and what was said."""

    calls: Sequence[str]
    said: Sequence[str]


def provide(folder: Path, *, user: int = 0, apt: str | None = "touch lists") -> Provided:
    """Provide packages in a checkout with a stand-in testbed, as a user, with or without an apt-get."""
    for name, text in (("tests/testbed/simhosts", SIMHOSTS), ("bin/apt-get", APT_GET % apt)):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    if apt is None:
        (folder / "bin/apt-get").unlink()
    (folder / "bin/touch").symlink_to(shutil.which("touch") or "touch")
    program = f"import os; from tools import packages; os.geteuid = lambda: {user}; packages.provide()"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PATH": str(folder / "bin"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Provided((folder / "calls").read_text().splitlines(), ran.stderr.splitlines())


def test_root_installs_them_with_fresh_lists_where_there_are_none(tmp_path: Path) -> None:
    provided = provide(tmp_path)
    assert provided.calls == [
        *("simhosts check", "simhosts install", "apt-get update", "simhosts install", "simhosts check"),
    ]
    assert provided.said == ["installing the packages that simulated hosts need (apt-get)"]


def test_what_is_there_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "installed").touch()
    assert provide(tmp_path) == Provided(["simhosts check"], [])


@pytest.mark.parametrize(("user", "apt", "why"), [(1000, "", "not root"), (0, None, "no apt-get")])
def test_elsewhere_it_says_what_will_be_skipped(tmp_path: Path, user: int, apt: str | None, why: str) -> None:
    provided = provide(tmp_path, user=user, apt=apt)
    assert provided.calls == ["simhosts check"]
    (said,) = provided.said
    assert said.startswith("tests on simulated hosts will be skipped: ")
    assert "not installed: dockerd jq" in said
    assert why in said


def test_an_installation_that_fails_is_told_and_the_tests_go_on(tmp_path: Path) -> None:
    provided = provide(tmp_path, apt="exit 100")
    assert "E: Unable to locate package jq" in provided.said
    assert provided.said[-1].startswith("tests on simulated hosts will be skipped: ")


def test_a_checkout_without_the_testbed_needs_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from tools import packages; packages.provide()"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("", "")
