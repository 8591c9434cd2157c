"""What systemd does to launches: recorded under a real systemd 252, and held against what its logind said."""

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.facts.systemd import Systemd, parse, parse_conf

REPLACED = ("odd_spellings", "no_boolean", "user_without_logind")  # cases with another file in its place


def systemd(case: str) -> Systemd:
    return parse(answers("systemd", case))


# KillUserProcesses and RemoveIPC as `busctl get-property org.freedesktop.login1 ...` answered there.
@pytest.mark.parametrize(
    ("case", "kills", "removes"),
    [
        ("user_without_manager", False, True),
        ("drop_in_keeps_ipc", False, False),
        ("vendor_drop_in_kills", True, False),
        ("masked_vendor_drop_in", False, False),
        ("run_drop_in_kills", True, False),
        ("odd_spellings", True, False),
        ("no_boolean", False, True),
    ],
)
def test_settings_are_those_that_logind_itself_reads(case: str, kills: bool, removes: bool) -> None:
    found = systemd(case)
    assert (found.kill_user_processes, found.remove_ipc) == (kills, removes)


@pytest.mark.parametrize(
    ("case", "setting"),
    [
        ("user_without_manager", "RemoveIPC=yes"),
        ("user_with_manager", "RemoveIPC=yes"),
        ("user_who_lingers", ""),
        ("drop_in_keeps_ipc", ""),
        ("vendor_drop_in_kills", "KillUserProcesses=yes"),
        ("root", ""),
        ("user_without_logind", ""),
        ("no_systemd_user", ""),
        ("no_systemd_root", ""),
    ],
)
def test_what_would_harm_a_launch_at_logout(case: str, setting: str) -> None:
    assert systemd(case).ends_at_logout == setting


@pytest.mark.parametrize(
    ("case", "scope", "manager"),
    [
        ("root", True, ""),
        ("user_without_manager", False, ""),
        ("user_with_manager", True, "/run/user/1234"),
        ("user_who_lingers", True, "/run/user/1234"),
        ("no_systemd_root", False, ""),
        ("no_systemd_user", False, ""),
    ],
)
def test_who_can_start_a_scope(case: str, scope: bool, manager: str) -> None:
    found = systemd(case)
    assert (found.scope, found.user_manager) == (scope, manager)


def test_root_is_known_with_and_without_systemd() -> None:
    assert systemd("root").root
    assert systemd("no_systemd_root") == Systemd(root=True)
    assert systemd("no_systemd_user") == Systemd()


@pytest.mark.parametrize("case", cases("systemd"))
def test_the_file_that_debian_ships_sets_nothing(case: str) -> None:
    shipped = answers("systemd", case)["conf"]["files"].get("/etc/systemd/logind.conf", "")
    if case not in REPLACED:
        assert "#RemoveIPC=yes" in shipped
        assert parse_conf([shipped]) == {}


def test_systemd_that_runs_without_systemd_run_makes_no_scope() -> None:
    """As in a small container: the program is a package of its own on some systems."""
    recorded = answers("systemd", "root")
    missing = {"status": None, "out": "", "err": "", "missing": True}
    assert not parse({**recorded, "version": missing}).scope
