"""A lock on a host for as long as a block of ours runs; it is free again however we end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath

from sparkup.commands.node import BUSY, Program
from sparkup.connect.base import Connection
from sparkup.domain.command import Command
from sparkup.domain.event import Noted
from sparkup.errors import Problem, WorkFailed
from sparkup.run.executor import Emit

AGAIN = 2.0  # seconds between two tries


@asynccontextmanager
async def held(
    file: PurePosixPath, program: Program, connection: Connection, emit: Emit
) -> AsyncIterator[None]:
    """Hold a lock, waiting while somebody else has it; raises WorkFailed when it cannot be made."""
    told = False
    while True:
        async with connection.stream(Command(program.hold(file))) as stream:
            if await anext(stream.lines(), "") == "held":
                yield
                return
            result = await stream.status()
        if result.status != BUSY:
            raise WorkFailed(
                Problem(
                    "step-failed",
                    f"cannot lock {file}",
                    where=connection.host.name,
                    details=tuple(result.stderr.splitlines()[-3:]),
                )
            )
        if not told:
            emit(Noted("another sparkup is at work on this; waiting for it"))
            told = True
        await asyncio.sleep(AGAIN)
