"""The folder of the control sockets: ours alone, and with a name short enough for a socket."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from sparkup.errors import GateRefused, Problem

# sun_path holds 104 bytes on BSD, 108 on Linux; of that the client needs `/`, 40 of %C, and 17
# for the temporary name under which it makes the socket.
LONGEST = 104 - 1 - 1 - 40 - 17
SHARED = Path("/tmp")  # noqa: S108 - what we use in it is ours, or not used


def control_folder(environment: Mapping[str, str], shared: Path = SHARED) -> Path:
    """Make the folder if need be, mode 0700; one that somebody else has put in its place is passed over."""
    found = next(filter(_made_ours, _candidates(environment, shared)), None)
    if found is not None:
        return found
    try:
        return Path(tempfile.mkdtemp(prefix=f"{_name()}-", dir=shared))
    except OSError as error:
        message = f"no folder for SSH control sockets can be made in {shared}: {error.strerror}"
        hint = "set XDG_RUNTIME_DIR to a folder of your own with a short name"
        raise GateRefused(Problem("unsafe-folder", message, hint=hint)) from None


def _name() -> str:
    return f"sparkup-{os.getuid()}"


def _candidates(environment: Mapping[str, str], shared: Path) -> Iterator[Path]:
    runtime = Path(environment.get("XDG_RUNTIME_DIR", ""), _name())
    # After `su` it is another user's still, who may put anything in the place of what is in it.
    if runtime.is_absolute() and len(os.fsencode(runtime)) <= LONGEST and _is_ours(runtime.parent):
        yield runtime
    yield shared / _name()
    yield from sorted(shared.glob(f"{_name()}-*"))  # made when that was somebody else's


def _made_ours(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ours = _is_ours(folder)
        if ours:
            folder.chmod(0o700)
    except OSError:  # the runtime directory of a session that is over
        return False
    return ours


def _is_ours(folder: Path) -> bool:
    """Say whether it is a folder of this user, not a link to one."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
