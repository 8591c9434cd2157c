"""A program whose output is read while it runs, and how one is left."""

from collections.abc import AsyncIterator, Awaitable, Callable

from sparkup.connect.child import Child
from sparkup.connect.output import Kept, Lines
from sparkup.domain.command import Result

EOF_GRACE = 0.5  # seconds that a program gets to end by itself when its standard input closes

Verdict = Callable[[int], Awaitable[int]]


class Running:
    """A program that was started; `verdict` makes its status of the child's, or raises."""

    def __init__(self, child: Child, lines: Lines, err: Kept, verdict: Verdict) -> None:
        self._child, self._lines, self._err, self._verdict = child, lines, err, verdict

    async def lines(self) -> AsyncIterator[str]:
        """Yield lines until the program has ended."""
        async for batch in self.batches():
            for line in batch:
                yield line

    async def batches(self) -> AsyncIterator[list[str]]:
        """Yield the lines that are there, until the program has ended."""
        while batch := await self._lines.batch():
            yield batch
        await self._verdict(await self._child.wait())

    async def status(self) -> Result:
        """Drop what was not read and wait for the end."""
        self._lines.discard()
        status = await self._verdict(await self._child.wait())
        return Result(status, "", self._err.text(), self._child.seconds)


class Ended:
    """What could not be started: no lines, and a status that says why."""

    def __init__(self, result: Result) -> None:
        self._result = result

    async def lines(self) -> AsyncIterator[str]:
        """Yield nothing."""
        no_lines: tuple[str, ...] = ()
        for line in no_lines:
            yield line

    async def batches(self) -> AsyncIterator[list[str]]:
        """Yield nothing."""
        nothing: tuple[list[str], ...] = ()
        for batch in nothing:
            yield batch

    async def status(self) -> Result:
        """Return the status that a shell gives."""
        return self._result


async def leave(child: Child, lines: Lines, end: Callable[[], Awaitable[None]]) -> None:
    """Close standard input, which a program of ours takes as a request to end; then end it."""
    lines.discard()
    child.close_input()
    try:
        await child.over_within(EOF_GRACE)
    finally:
        if not child.over:
            await end()
