"""The machine, from what hosts answered and from meminfo of real Sparks."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from tests.fixtures.recorded import FIXTURES, answers, cases

from sparkup.facts.machine import Machine, parse, parse_meminfo

KIB = 1024


def machine(case: str) -> Machine:
    return parse(answers("machine", case))


@pytest.mark.parametrize("case", cases("machine"))
def test_every_recorded_machine_is_read_whole(case: str) -> None:
    found = machine(case)
    assert found.architecture == "x86_64"
    assert found.python_version == (3, 11)
    assert found.python.startswith("/")
    assert found.glibc == "2.36"
    assert 0 < found.memory_available < found.memory_total
    assert found.free["state"] > 0
    assert found.free["environments"] > 0
    assert found.user
    assert len(found.boot) == len("f3421d8d-35cc-4688-add2-6e3d9a3a6372")


def test_root_keeps_state_with_the_system() -> None:
    found = machine("root")
    assert (found.user, found.uid, found.home, found.cwd) == ("root", 0, "/root", "/")
    assert found.state_root == PurePosixPath("/var/lib/sparkup")
    assert found.environments == PurePosixPath("/root/.local/share/sparkup/envs")
    assert found.programs == frozenset()


def test_a_user_keeps_state_at_home() -> None:
    found = machine("user")
    assert (found.user, found.uid, found.cwd) == ("ada", 1000, "/home/ada")
    assert found.state_root == PurePosixPath("/home/ada/.local/state/sparkup")
    assert found.environments == PurePosixPath("/home/ada/.local/share/sparkup/envs")


def test_folders_that_are_named_count_before_all_others() -> None:
    found = machine("named")
    assert found.uid == 0
    assert found.state_root == PurePosixPath("/srv/state")
    assert found.environments == PurePosixPath("/srv/data/envs")
    assert found.programs == {PurePosixPath("/srv/state/bin/node-0123456789ab.pyz")}


def test_a_program_that_was_put_before_is_seen_and_logname_names_the_user() -> None:
    found = machine("user_again")
    assert found.user == "ada"
    assert found.programs == {found.state_root / "bin/node-0123456789ab.pyz"}


def test_a_login_without_variables_has_the_home_of_the_user_table_and_is_called_by_its_number() -> None:
    found = machine("bare")
    assert (found.user, found.home) == ("1000", "/home/ada")
    assert replace(found, user="ada", memory_available=0, free={}) == replace(
        machine("user"), memory_available=0, free={}
    )


@pytest.mark.parametrize("path", sorted((FIXTURES / "meminfo").glob("*.txt")), ids=lambda path: path.stem)
def test_meminfo_of_sparks_is_read_in_bytes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = parse_meminfo(text)
    assert found["MemTotal"] > 100 << 30
    assert 0 <= found["MemFree"] <= found["MemTotal"]
    first = text.splitlines()[0].split()
    assert found[first[0].rstrip(":")] == int(first[1]) * KIB


def test_rows_without_a_unit_are_counts() -> None:
    text = answers("machine", "root")["files"]["files"]["/proc/meminfo"]
    found = parse_meminfo(text)
    assert found["HugePages_Total"] == 0
    assert found["Hugepagesize"] == 2048 * KIB
    assert found["MemTotal"] == 24684096 * KIB


def test_what_is_no_row_is_left_out() -> None:
    assert parse_meminfo("") == {}
    assert parse_meminfo("MemTotal:\nMemFree: many kB\nno colon") == {}
