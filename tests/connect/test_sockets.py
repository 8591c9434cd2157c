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


def test_a_link_is_not_followed() -> None:
    with short_folder() as runtime:
        (runtime / "elsewhere").mkdir()
        (runtime / NAME).symlink_to(runtime / "elsewhere")
        with pytest.raises(GateRefused) as refusal:
            control_folder({"XDG_RUNTIME_DIR": str(runtime)})
    assert refusal.value.problems[0].code == "unsafe-folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_somebody_elses_folder_is_refused() -> None:
    with short_folder() as runtime:
        (runtime / NAME).mkdir()
        os.chown(runtime / NAME, 65534, 65534)
        with pytest.raises(GateRefused) as refusal:
            control_folder({"XDG_RUNTIME_DIR": str(runtime)})
    assert str(runtime) in refusal.value.problems[0].message
