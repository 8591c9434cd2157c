"""The program behind `put`: runs on the host from its text alone, with Python 3.8 or later.

Arguments: path, mode (octal), length in bytes. The content comes on standard input.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO


def write(path: Path, mode: int, length: int) -> None:
    """Write standard input to a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file, name = tempfile.mkstemp(prefix=".sparkup-", dir=str(path.parent))
    try:
        with os.fdopen(file, "wb") as out:
            receive(out, length)
            os.fchmod(file, mode)
            os.fsync(file)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
    flush(path.parent)


def receive(out: BinaryIO, length: int) -> None:
    """Copy all that comes; less than announced means that the sender or the channel is gone."""
    shutil.copyfileobj(sys.stdin.buffer, out)
    if out.tell() != length:
        raise SystemExit(f"{out.tell()} bytes came of {length}")
    out.flush()


def flush(folder: Path) -> None:
    """Make the new name last: it lives in the folder, not in the file."""
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> None:
    """Leave no temporary file, even when told to end."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        write(Path(sys.argv[1]), int(sys.argv[2], 8), int(sys.argv[3]))
    except OSError as error:
        raise SystemExit(error.strerror) from None


if __name__ == "__main__":
    main()
