"""A host that must not be touched: whatever is done to it fails the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Self

from sparkup.connect.base import Stream
from sparkup.connect.local import Local
from sparkup.domain.command import Command, Result
from sparkup.domain.host import LOCAL, Host
from sparkup.run.gather import LOADER


class Untouchable:
    """A connection that may only be asked for facts, and not even that without `readable`."""

    def __init__(self, host: Host = LOCAL, *, readable: bool = False) -> None:
        self.host, self.python, self.readable = host, Local().python, readable

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is held open."""

    async def run(self, command: Command) -> Result:
        """Answer questions that the facts ask; anything else fails the test."""
        assert self.readable, f"{command.shell()} was run"
        assert command.argv[:4] == (self.python, "-I", "-c", LOADER), f"{command.shell()} was run"
        return await Local().run(command)

    async def put(self, content: bytes, path: PurePosixPath, mode: int = 0o644) -> None:
        """Fail the test."""
        raise AssertionError(f"{path} was written")

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[Stream]:
        """Fail the test."""
        raise AssertionError(f"{command.shell()} was run")
        yield

    async def interact(self, command: Command, *, tty: bool) -> int:
        """Fail the test."""
        raise AssertionError(f"{command.shell()} was run")
