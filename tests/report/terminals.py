"""Programs run on a terminal of their own, as a user's window is one."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping


def on_a_terminal(code: str, **variables: str) -> str:
    """Run Python code with standard error on a terminal; return all that was shown there."""
    return _run(code, {"TERM": "xterm-256color", **variables})


def _run(code: str, variables: Mapping[str, str]) -> str:
    ours, theirs = pty.openpty()
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": os.defpath, **variables}
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=theirs, env=environment
        )
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        assert child.wait(30) == 0, shown.decode()
    finally:
        os.close(ours)
    return shown.decode()


def _read(file: int) -> bytes:
    try:
        return os.read(file, 65536)
    except OSError:  # EIO: nobody has the other end any more
        return b""
