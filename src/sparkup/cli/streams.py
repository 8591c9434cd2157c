"""Our standard streams: they may be closed, full, not of UTF-8, or read by somebody who has had enough."""

import io
import os
import sys
from typing import BinaryIO


class OutputLost(OSError):
    """Standard output takes no more; it has no `errno`, since click has an answer of its own to EPIPE."""


class Out(io.TextIOWrapper):
    """Takes any text, and tells its own failures apart from all others.

    `vital`: losing it ends the work. Progress is not, so work is never broken off for want of a reader.
    """

    def __init__(self, buffer: BinaryIO, encoding: str, *, vital: bool) -> None:
        super().__init__(buffer, encoding, "backslashreplace", line_buffering=True)  # a pipe's reader waits
        self.vital = vital

    def write(self, text: str, /) -> int:
        """Write; raises OutputLost."""
        try:
            return super().write(text)
        except OSError as error:
            self._let_go(error)
            return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are, after all text; raises OutputLost."""
        self.flush()
        try:
            self.buffer.write(data)
        except OSError as error:
            self._let_go(error)

    def flush(self) -> None:
        """Send what is left; raises OutputLost."""
        try:
            super().flush()
        except OSError as error:
            self._let_go(error)

    def _let_go(self, error: OSError) -> None:
        """Send what could not be written nowhere: it is tried again with all that comes after it."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)
        if self.vital:
            raise OutputLost(error.strerror) from error


def ready() -> None:
    """See that there are three streams that take what we write; a file of ours must not be one of them."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)  # noqa: FBT003 - it takes no names
    os.close(handle)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Out(os.fdopen(number, "wb", closefd=False), "utf-8", vital=number == 1))
        elif isinstance(stream, io.TextIOWrapper) and not isinstance(stream, Out):
            setattr(sys, name, Out(stream.buffer, stream.encoding, vital=number == 1))
