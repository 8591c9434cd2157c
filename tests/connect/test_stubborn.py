"""Programs that do not want to end, on all kinds of hosts at once: each takes five seconds."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.connect import real
from tests.connect.processes import ended, entries, until
from tests.connect.served import serve

from sparkup.connect.base import Connection
from sparkup.connect.local import Local
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.command import Command

pytestmark = pytest.mark.anyio
STUBBORN = 'trap "" TERM HUP; echo $$ > "$1.new"; mv "$1.new" "$1"; echo up; while :; do sleep 0.1; done'


def stubborn(note: Path, seconds: float | None = None) -> Command:
    return Command(("sh", "-c", STUBBORN, "sh", str(note)), timeout=seconds)


async def every_kind(stack: AsyncExitStack) -> list[Connection]:
    served = await stack.enter_async_context(serve())
    found: list[Connection] = [Local(), OpenSSH(served.host, served.options())]
    if not real.missing():
        found.append(OpenSSH(*await stack.enter_async_context(real.serve_sshd())))
    return [await stack.enter_async_context(connection) for connection in found]


async def too_long(connection: Connection, note: Path) -> None:
    result = await connection.run(stubborn(note, 0.5))
    assert (result.status, result.stdout) == (-signal.SIGTERM, "up\n")
    assert 5 <= result.seconds < 9


async def interrupted_twice(connection: Connection, note: Path) -> None:
    """The second time nobody waits for it any more; it ends all the same."""
    task = asyncio.create_task(connection.run(stubborn(note)))
    await until(note.exists)
    task.cancel()
    await asyncio.sleep(1)
    assert not task.done()
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_ignores_sigterm_is_killed_after_five_seconds(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as group:
            for number, connection in enumerate(await every_kind(stack)):
                for trial in (too_long, interrupted_twice):
                    group.create_task(trial(connection, tmp_path / f"{trial.__name__} {number}"))
        await ended(*(int(note.read_text()) for note in entries(tmp_path)))
