"""The folder of the control sockets: ours alone, and with a name short enough for a socket."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from sparkup.errors import GateRefused, Problem

# sun_path holds 104 bytes on BSD, 108 on Linux; of that the client needs `/`, 40 of %C, and 17
# for the temporary name under which it makes the socket.
LONGEST = 104 - 1 - 1 - 40 - 17


def control_folder(environment: Mapping[str, str]) -> Path:
    """Make the folder if need be, mode 0700; raises GateRefused when it is somebody else's."""
    for folder in _candidates(environment):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError:  # the runtime directory of a session that is over, or of another user
            continue
        _require_ours(folder)
        return folder
    raise GateRefused(Problem("unsafe-folder", "no folder for SSH control sockets can be made"))


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    name = f"sparkup-{os.getuid()}"
    runtime = Path(environment.get("XDG_RUNTIME_DIR", ""), name)
    if runtime.is_absolute() and len(os.fsencode(runtime)) <= LONGEST:
        yield runtime
    yield Path("/tmp", name)  # noqa: S108 (its owner is checked)


def _require_ours(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        message = f"{folder}, meant for SSH control sockets, belongs to somebody else"
        raise GateRefused(Problem("unsafe-folder", message, hint=f"remove it: rm -r {folder}"))
    folder.chmod(0o700)
