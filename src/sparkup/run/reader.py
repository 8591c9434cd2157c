"""Notices that whoever reads our standard output has gone, also while there is nothing to write."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def somebody_reads() -> AsyncIterator[None]:
    """Let a block work for as long as a pipe's other end is open; raises BrokenPipeError after that.

    A log that rests for hours would keep `sparkup logs -f | head` waiting for a line to fail with.
    """
    output, loop, task = sys.stdout.fileno(), asyncio.get_running_loop(), asyncio.current_task()
    if task is None or not stat.S_ISFIFO(os.fstat(output).st_mode):
        yield
        return
    gone = False

    def hear() -> None:  # the only event that the writing end of a pipe has for who would read there
        nonlocal gone
        gone = True
        loop.remove_reader(output)
        task.cancel()

    loop.add_reader(output, hear)
    try:
        yield
    except asyncio.CancelledError:
        if not gone or task.uncancel() > 0:
            raise
        raise BrokenPipeError from None
    finally:
        loop.remove_reader(output)
