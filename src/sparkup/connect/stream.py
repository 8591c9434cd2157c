"""A program whose output is read while it runs, and how one is left."""

from collections.abc import AsyncIterator, Awaitable, Callable

from sparkup.connect.child import Child
from sparkup.connect.output import Ahead, Kept
from sparkup.domain.command import Result
from sparkup.domain.lines import Lines

EOF_GRACE = 0.5  # seconds that a program gets to end by itself when its standard input closes

Verdict = Callable[[int], Awaitable[int]]


class Running:
    """A program that was started; `verdict` makes its status of the child's, or raises."""

    def __init__(self, child: Child, out: Ahead, err: Kept, verdict: Verdict) -> None:
        self._child, self._out, self._err, self._verdict = child, out, err, verdict

    async def lines(self) -> AsyncIterator[str]:
        """Yield lines until the program has ended."""
        cut = Lines()
        while data := await self._out.read():
            for line in cut.feed(data):
                yield line
        for line in cut.end():
            yield line
        await self._verdict(await self._child.wait())

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield output as it comes, until the program has ended."""
        while data := await self._out.read():
            yield data
        await self._verdict(await self._child.wait())

    def knock(self) -> None:
        """Let the program know that we are still there: one byte on its standard input."""
        self._child.write(b"\n")

    async def status(self) -> Result:
        """Drop what was not read and wait for the end."""
        self._out.discard()
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

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield nothing."""
        nothing: tuple[bytes, ...] = ()
        for data in nothing:
            yield data

    def knock(self) -> None:
        """Do nothing: nobody listens."""

    async def status(self) -> Result:
        """Return the status that a shell gives."""
        return self._result


async def leave(child: Child, out: Ahead, end: Callable[[], Awaitable[None]]) -> None:
    """Close standard input, which a program of ours takes as a request to end; then end it."""
    out.discard()
    child.close_input()
    try:
        await child.over_within(EOF_GRACE)
    finally:
        if not child.over:
            await end()
