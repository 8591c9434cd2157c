"""Where the control sockets are, and who may put them there."""

import os
import stat
from pathlib import Path

import pytest
from tests.connect.served import short_folder

from sparkup.connect.sockets import LONGEST, control_folder
from sparkup.errors import GateRefused

NAME = f"sparkup-{os.getuid()}"
FALLBACK = Path("/tmp") / NAME
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")


def test_the_runtime_directory_is_used_and_ours_alone() -> None:
    with short_folder() as runtime:
        (runtime / NAME).mkdir(mode=0o755)
        folder = control_folder({"XDG_RUNTIME_DIR": str(runtime)})
        assert folder == runtime / NAME
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert control_folder({"XDG_RUNTIME_DIR": str(runtime)}) == folder


@pytest.mark.parametrize("runtime", ["", "relative", "/nonexistent", "/tmp/" + "x" * LONGEST])
def test_where_there_is_none_or_its_name_is_too_long(runtime: str) -> None:
    assert control_folder({"XDG_RUNTIME_DIR": runtime}) == FALLBACK
    assert control_folder({}) == FALLBACK
    assert stat.S_IMODE(FALLBACK.stat().st_mode) == 0o700


def test_a_socket_fits_below_the_longest_folder() -> None:
    beside = ".0123456789abcdef"  # under this name the client makes it first
    assert LONGEST + len("/") + 40 + len(beside) < 104  # the smallest sun_path, with its end


def test_what_is_a_link_is_passed_over() -> None:
    with short_folder() as runtime, short_folder() as shared:
        (runtime / "elsewhere").mkdir()
        (runtime / NAME).symlink_to(runtime / "elsewhere")
        assert control_folder({"XDG_RUNTIME_DIR": str(runtime)}, shared) == shared / NAME


@as_root
def test_a_runtime_directory_that_su_has_left_is_another_users() -> None:
    with short_folder() as runtime, short_folder() as shared:
        os.chown(runtime, NOBODY, NOBODY)
        assert control_folder({"XDG_RUNTIME_DIR": str(runtime)}, shared) == shared / NAME
        assert list(runtime.iterdir()) == []


@as_root
def test_a_folder_that_somebody_else_made_before_us_keeps_nobody_out() -> None:
    with short_folder() as shared:
        for name in (NAME, f"{NAME}-0"):
            (shared / name).mkdir()
            os.chown(shared / name, NOBODY, NOBODY)
        found = control_folder({}, shared)
        assert (found.parent, found.stat().st_uid) == (shared, os.getuid())
        assert stat.S_IMODE(found.stat().st_mode) == 0o700
        assert len(os.fsencode(found)) <= LONGEST
        assert control_folder({}, shared) == found  # and not one for each call


def test_where_no_folder_can_be_made() -> None:
    with short_folder() as shared, pytest.raises(GateRefused) as refusal:
        control_folder({}, shared / "none")
    (problem,) = refusal.value.problems
    assert (problem.code, bool(problem.hint)) == ("unsafe-folder", True)
