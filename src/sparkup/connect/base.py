"""The one door to a host: four verbs, the same for this machine and for one over SSH."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import PurePosixPath
from typing import Protocol, Self

from sparkup.domain.command import Command, Result
from sparkup.domain.host import Host


class Stream(Protocol):
    """A running program whose output we read while it runs; leaving its context ends it."""

    def lines(self) -> AsyncIterator[str]:
        """Yield standard output line by line, without line ends, until the program has ended.

        A line may be many MB long. The program is held back while nobody reads.
        """
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield standard output instead, byte for byte, in the pieces that it comes in."""
        ...

    def knock(self) -> None:
        """Let the program know that we are still there."""
        ...

    async def status(self) -> Result:
        """Wait for its end; stdout is empty in the result, stderr holds the last 64 KiB.

        Output that was not read by then is dropped.
        """
        ...


class Connection(Protocol):
    """How we touch one host. Opened and closed by whoever made it (`async with`).

    All methods raise HostUnreachable when the host cannot be reached, the login is refused, the
    host key is unknown or changed, or the connection breaks while they work. A program's own exit
    status, 255 included, is a result and no exception; a program that does not exist has 127, one
    that cannot be executed 126. A time-out, cancelling a call or leaving a stream ends the program
    with its whole process group on the host: SIGTERM, then SIGKILL after 5 s.
    """

    host: Host
    python: str  # a Python 3 for the programs of node/

    async def run(self, command: Command) -> Result:
        """Run a command to its end; `command.timeout` seconds, then it is ended with status -15."""
        ...

    async def put(self, content: bytes, path: PurePosixPath, mode: int = 0o644) -> None:
        """Write a file: complete under its name or not at all; parent folders are made.

        Raises GateRefused where there is no Python, WorkFailed where the host cannot write it.
        """
        ...

    def stream(self, command: Command) -> AbstractAsyncContextManager[Stream]:
        """Start a command and read its output as it comes; `command.timeout` does not count here.

        Its stdin stays open after the input. Leaving closes it, and half a second later ends what
        has not ended by then. Over SSH a stream is one of the eight sessions that a host allows.
        """
        ...

    async def interact(self, command: Command, *, tty: bool) -> int:
        """Run a command on this terminal (stdin, stdout and stderr are ours); return its status.

        With `tty` it gets a terminal of its own on the host. `command.stdin` must be empty.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...
