"""The machine, from what hosts answered."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.facts.machine import Machine, parse


def machine(case: str) -> Machine:
    return parse(answers("machine", case))


@pytest.mark.parametrize("case", cases("machine"))
def test_every_recorded_machine_is_read_whole(case: str) -> None:
    found = machine(case)
    assert found.architecture == "x86_64"
    assert found.python.startswith("/")
    assert found.glibc == "2.36"
    assert found.free["state"] > 0
    assert found.free["environments"] > 0
    assert found.user


def test_root_keeps_state_with_the_system() -> None:
    found = machine("root")
    assert (found.user, found.uid) == ("root", 0)
    assert found.state_root == PurePosixPath("/var/lib/sparkup")
    assert found.environments == PurePosixPath("/root/.local/share/sparkup/envs")
    assert found.programs == frozenset()


def test_a_user_keeps_state_at_home() -> None:
    found = machine("user")
    assert (found.user, found.uid) == ("ada", 1000)
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


def test_a_login_without_variables_is_called_by_its_number() -> None:
    found = machine("bare")
    assert found.user == "1000"
    assert replace(found, user="ada", free={}) == replace(machine("user"), free={})
