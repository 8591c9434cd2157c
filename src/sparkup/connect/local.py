"""This machine as a host."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Self

from sparkup.connect.child import TIMED_OUT, complete, start
from sparkup.connect.foreground import run_on_terminal
from sparkup.connect.output import TAIL, Ahead, Kept
from sparkup.connect.put import put
from sparkup.connect.status import not_started
from sparkup.connect.stream import Ended, Running, leave
from sparkup.domain.command import Command, Result
from sparkup.domain.host import LOCAL, Host


def base_python() -> str:
    """Return the Python that our own virtual environment was made from.

    What we start outlives us, and perhaps the environment that we run in: uvx keeps it in a cache.
    """
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(base) if base.exists() else sys.executable


class Local:
    """Programs as children of this process; see Connection for the contract."""

    def __init__(self, host: Host = LOCAL, python: str = "") -> None:
        self.host, self.python = host, python or base_python()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is held open."""

    async def run(self, command: Command) -> Result:
        """Run a command to its end."""
        out, err, given = Kept(), Kept(), command.input()
        try:
            child = await start(command.argv, out, err, pipe_input=bool(given))
        except OSError as error:
            return not_started(command, error)
        child.write(given)
        child.close_input()
        status = await complete(child, command.timeout, child.end)
        status = TIMED_OUT if status is None else status
        return Result(status, out.text(), err.text(), child.seconds)

    async def put(self, content: bytes, path: PurePosixPath, mode: int = 0o644) -> None:
        """Write a file."""
        await put(self, content, path, mode)

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[Running | Ended]:
        """Start a command and read its output as it comes."""
        out, err = Ahead(), Kept(TAIL)
        try:
            child = await start(command.argv, out, err)
        except OSError as error:
            yield Ended(not_started(command, error))
            return
        try:
            child.write(command.input())
            yield Running(child, out, err, _its_own)
        finally:
            await leave(child, out, child.end)

    async def interact(self, command: Command, *, tty: bool) -> int:  # noqa: ARG002 (ours is one)
        """Run a command on this terminal, which it shares whether or not it wants one."""
        try:
            return await run_on_terminal(command.argv)
        except OSError as error:
            result = not_started(command, error)
            sys.stderr.write(result.stderr)
            return result.status


async def _its_own(status: int) -> int:
    return status
