"""A host behind the OpenSSH client: the user's ssh_config, agent, keys and jump hosts just work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Self

from sparkup.commands import ssh
from sparkup.connect.child import GRACE, TIMED_OUT, Child, complete
from sparkup.connect.client import call, no_client, start_client
from sparkup.connect.foreground import run_on_terminal
from sparkup.connect.marked import Marked
from sparkup.connect.master import DEFAULTS, Master, Options
from sparkup.connect.output import TAIL, Ahead, Kept
from sparkup.connect.put import put
from sparkup.connect.refusals import broke_off
from sparkup.connect.status import from_shell, not_started
from sparkup.connect.stream import Ended, Running, leave
from sparkup.domain.command import Command, Result
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable

SESSIONS = 8  # sshd allows 10 at once (MaxSessions); the rest is for ending what was cancelled
ENDING = 2
FAILED = 255  # status of the client when it failed, or of a program that returned just that
PATIENCE = 1.0  # seconds for a program that was just started to name its process group


class OpenSSH:
    """Programs on a host, as sessions of one shared connection; see Connection for the contract."""

    def __init__(self, host: Host, options: Options = DEFAULTS, python: str = "python3") -> None:
        self.host, self.python = host, python
        self._master = Master(host, options)
        self._slots, self._ending = asyncio.Semaphore(SESSIONS), asyncio.Semaphore(ENDING)

    async def __aenter__(self) -> Self:
        await self._master.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._master.release()

    async def run(self, command: Command) -> Result:
        """Run a command to its end."""
        out, err, given = Kept(), Marked(), command.input()
        async with self._slots:
            argv = await self._session(command, err)
            try:
                child = await start_client(argv, out, err, pipe_input=bool(given))
            except OSError as error:
                return not_started(command, error)
            child.write(given)
            child.close_input()
            status = await complete(child, command.timeout, lambda: self._end(child, err))
            status = TIMED_OUT if status is None else await self._verdict(status, err)
        return Result(status, out.text(), err.text(), child.seconds)

    async def put(self, content: bytes, path: PurePosixPath, mode: int = 0o644) -> None:
        """Write a file."""
        await put(self, content, path, mode)

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[Running | Ended]:
        """Start a command and read its output as it comes; it counts as one of the sessions."""
        out, err = Ahead(), Marked(TAIL)
        async with self._slots:
            argv = await self._session(command, err)
            try:
                child = await start_client(argv, out, err)
            except OSError as error:
                yield Ended(not_started(command, error))
                return
            try:
                child.write(command.input())
                yield Running(child, out, err, lambda status: self._verdict(status, err))
            finally:
                await leave(child, out, lambda: self._end(child, err))

    async def interact(self, command: Command, *, tty: bool) -> int:
        """Run a command on this terminal."""
        async with self._slots:
            client = await self._master.ensure()
            argv = client.session(ssh.unattended(command.argv), tty=tty)
            try:
                status = await run_on_terminal(argv)
            except FileNotFoundError:
                raise no_client() from None
            if status == FAILED and not await self._master.lives():
                raise HostUnreachable(broke_off(self.host, ""))
        return status

    async def _session(self, command: Command, err: Marked) -> tuple[str, ...]:
        client = await self._master.ensure()
        return client.session(ssh.attended(err.mark, command.argv))

    async def _verdict(self, status: int, err: Marked) -> int:
        """Tell the program's status from the client's own: 255 can be either."""
        if status == FAILED or status < 0:
            if not err.seen:
                raise HostUnreachable(self._master.refusal(err.before()))
            if status < 0 or not await self._master.lives():
                raise HostUnreachable(broke_off(self.host, err.text()))
        return from_shell(status)

    async def _end(self, child: Child, err: Marked) -> None:
        """End the program there, then the client here.

        A closed channel alone ends no program that neither reads nor writes (sshd leaves it be).
        """
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(err.settled(), PATIENCE)
            if await self._end_group(err.group):
                await child.over_within(GRACE + 1)
        finally:
            if not child.over:
                await child.end()

    async def _end_group(self, group: int | None) -> bool:
        """Say whether there was one to end: a daemon that left it may hold the channel open."""
        if group is None or not self._master.held:
            return False
        with contextlib.suppress(OSError):
            async with self._ending:
                return (await call(self._master.client.session(ssh.end(group)), GRACE)).status == 0
        return False
