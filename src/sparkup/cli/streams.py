"""Our standard streams: they may be closed, full, or read by somebody who has had enough."""

import contextlib
import io
import os
import sys


def ready() -> None:
    """See that there are three streams, and that lines leave at once: a pipe's reader waits for them."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # one of them was closed, and the next file of ours would have taken its place
    os.close(handle)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def let_go() -> None:
    """Send what could not be written nowhere: the interpreter tries once more at its end, and complains."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
