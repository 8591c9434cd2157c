"""Programs that clients ask the in-process host to run, treated as OpenSSH's sshd treats them."""

import asyncio
import contextlib
import os
import pty
import signal

import asyncssh
from tests.connect.processes import until

CHUNK = 64 * 1024
Process = asyncssh.SSHServerProcess[bytes]
# Each with the task that looks after it: asyncssh forgets the tasks of a connection that broke, and the
# garbage collector would take them.
Living = dict[asyncio.subprocess.Process, asyncio.Task[None] | None]


async def end(living: Living) -> None:
    """End what a test left behind, each with its group."""
    for program in living:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
    await until(lambda: not living)


async def _end_of(program: asyncio.subprocess.Process, living: Living) -> int:
    try:
        return await program.wait()
    finally:
        living.pop(program)


async def on_pipes(process: Process, living: Living) -> int:
    """Run what a client asked for on three pipes; return its status."""
    (stdin, to), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
    program = await asyncio.create_subprocess_exec(
        "sh", "-c", process.command or "", stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
    )
    living[program] = asyncio.current_task()
    for handle in (stdin, stdout, stderr):
        os.close(handle)
    feeding = asyncio.create_task(_feed(process, to))
    await asyncio.gather(_drain(out, process.stdout), _drain(err, process.stderr))
    status = await _end_of(program, living)
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    return status


async def on_terminal(process: Process, living: Living) -> int:
    """Run what a client asked for on a terminal of its own; return its status."""
    ours, theirs = pty.openpty()
    program = await asyncio.create_subprocess_exec(
        "setsid", "--ctty", "sh", "-c", process.command or "", stdin=theirs, stdout=theirs, stderr=theirs
    )
    living[program] = asyncio.current_task()
    os.close(theirs)
    feeding = asyncio.create_task(_feed(process, os.dup(ours)))
    await _drain(ours, process.stdout)
    feeding.cancel()  # with the last handle goes the terminal, which hangs up what is left
    await asyncio.gather(feeding, return_exceptions=True)
    return await _end_of(program, living)


async def _feed(process: Process, handle: int) -> None:
    """Copy what the client sends to the program, until either closes."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(handle, "wb", 0)
    )
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    try:
        while data := await process.stdin.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncssh.Error, asyncssh.TerminalSizeChanged):
        pass
    finally:
        transport.close()


async def _drain(handle: int, to: asyncssh.SSHWriter[bytes]) -> None:
    """Copy what the program writes to the client, until either closes."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(handle, "rb", 0)
    )
    try:
        while data := await reader.read(CHUNK):
            to.write(data)
            await to.drain()
    except (OSError, asyncssh.Error):
        pass
    finally:
        transport.close()
