"""A child process: its output goes to sinks, and it ends as a whole group."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import cast

from sparkup.connect.output import Sink

GRACE = 5.0  # seconds between SIGTERM and SIGKILL
TIMED_OUT = -signal.SIGTERM  # status of what a time-out ended
STEP = 0.02  # seconds between two looks whether a group is gone


class Child(asyncio.SubprocessProtocol):
    """A running program. `own_group`: it leads a session of its own, out of reach of Ctrl-C."""

    def __init__(self, sinks: Sequence[Sink] = (), *, own_group: bool = True) -> None:
        self._sinks = dict(enumerate(sinks, start=1))
        self._own_group = own_group
        self._exited, self._over = asyncio.Event(), asyncio.Event()
        self._transport: asyncio.SubprocessTransport
        self.begun = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember how to reach the program."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Pass output on."""
        pipe = cast("asyncio.ReadTransport", self._transport.get_pipe_transport(fd))
        self._sinks[fd].feed(data, pipe)

    def pipe_connection_lost(self, fd: int, _exc: Exception | None) -> None:
        """Pass the end of output on."""
        if fd in self._sinks:
            self._sinks[fd].eof()

    def process_exited(self) -> None:
        """Stop feeding a program that is gone: a descendant may hold the pipe open for ever."""
        self._exited.set()
        stdin = self._stdin()
        if stdin and (not stdin.is_closing() or stdin.get_write_buffer_size()):
            stdin.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Take note that the program has ended and all of its output has come."""
        self._transport.close()
        self._over.set()

    @property
    def over(self) -> bool:
        """Say whether the program has ended and all of its output has come."""
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """Return the time since the start."""
        return time.monotonic() - self.begun

    async def wait(self) -> int:
        """Wait for the end of the program and its output; return its status."""
        await self._over.wait()
        return cast("int", self._transport.get_returncode())

    async def over_within(self, seconds: float) -> bool:
        """Wait for the end for a while; say whether it came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        return self.over

    def write(self, data: bytes) -> None:
        """Send bytes to standard input, however slowly it reads them."""
        if data and (stdin := self._stdin()):
            stdin.write(data)

    def close_input(self) -> None:
        """Close standard input when all was sent."""
        if stdin := self._stdin():
            stdin.close()

    async def end(self) -> None:
        """End the whole group: SIGTERM, SIGKILL after 5 s; a second cancellation ends the wait."""
        try:
            self._signal(signal.SIGTERM)
            await self._gone_within(GRACE)
        finally:
            self._signal(signal.SIGKILL)
            await self._let_go()

    async def _gone_within(self, seconds: float) -> None:
        for _ in range(int(seconds / STEP)):
            if self._exited.is_set() and not self._group_lives():
                return
            await asyncio.sleep(STEP)

    async def _let_go(self) -> None:
        """Close the pipes: what left the group (a daemon) may hold their other ends."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await self._exited.wait()  # closing a transport earlier would steal the status
            await self.over_within(STEP * 10)
        finally:
            self._transport.close()

    def _group_lives(self) -> bool:
        return self._own_group and self._signal(0)

    def _signal(self, number: int) -> bool:
        pid = self._transport.get_pid()
        try:
            if self._own_group:
                os.killpg(pid, number)
            elif not self._exited.is_set():
                os.kill(pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # it has become another user's
            return True
        return True

    def _stdin(self) -> asyncio.WriteTransport | None:
        return cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))


async def start(argv: Sequence[str], out: Sink, err: Sink, *, pipe_input: bool = True) -> Child:
    """Start a program in a session of its own; raises OSError when it cannot be started."""
    loop = asyncio.get_running_loop()
    stdin = subprocess.PIPE if pipe_input else subprocess.DEVNULL
    return await _started(
        loop.subprocess_exec(lambda: Child((out, err)), *argv, stdin=stdin, start_new_session=True)
    )


async def start_on_terminal(argv: Sequence[str], before_exec: Callable[[], None] | None = None) -> Child:
    """Start a program on our own terminal, in the foreground; raises OSError."""
    loop = asyncio.get_running_loop()
    return await _started(
        loop.subprocess_exec(
            lambda: Child(own_group=False),
            *argv,
            stdin=None,
            stdout=None,
            stderr=None,
            preexec_fn=before_exec,
        )
    )


async def _started(starting: Coroutine[None, None, tuple[asyncio.SubprocessTransport, Child]]) -> Child:
    """Put a cancellation off to the caller's next wait: asyncio would kill what was just started, unasked."""
    task = asyncio.create_task(starting)
    try:
        _, child = await asyncio.shield(task)
    except asyncio.CancelledError:
        _, child = await task
        if (caller := asyncio.current_task()) is not None:
            caller.uncancel()
            caller.cancel()
    return child


async def complete(child: Child, limit: float | None, end: Callable[[], Awaitable[None]]) -> int | None:
    """Wait for a program to end by itself (None: it took too long); in any case, see it ended."""
    try:
        async with asyncio.timeout(limit):
            return await child.wait()
    except TimeoutError:
        return None
    finally:
        if not child.over:
            await end()
