"""Read the logs of several ranks as one: in the order in which lines were written, on one clock."""

import asyncio
import heapq
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from sparkup.commands.node import NOT_RUNNING
from sparkup.connect.base import Connection, Stream
from sparkup.domain.command import Command
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.run.together import together

TRIES = 3  # looks at a clock; the shortest is the best
LOOKING = 10.0  # seconds for one


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a rank's log, without its end; `at` in seconds after the epoch by our own clock."""

    at: float
    rank: int
    host: str
    data: bytes


@dataclass(slots=True)
class Source:
    """The log of one rank: what reads it on its host, and by how much the clock there is ahead of ours."""

    connection: Connection
    argv: tuple[str, ...]
    ahead: float = 0.0
    head: Mapping[str, Any] = field(default_factory=dict)  # what node/timed.py says of the rank
    problem: Problem | None = None  # why there is no more of it
    last: float = 0.0

    @property
    def host(self) -> str:
        """Return its host."""
        return self.connection.host.name

    @property
    def rank(self) -> int:
        """Return which rank it is."""
        return int(self.head.get("rank") or 0)


Reader = tuple[Source, Stream, AsyncIterator[Line | None]]


async def ahead(connection: Connection) -> float:
    """Return by how many seconds a host's clock is ahead of ours, to half a round trip; 0 if none is told."""
    if connection.host.is_local:
        return 0.0
    now, best = asyncio.get_running_loop().time, (float("inf"), 0.0)
    for _ in range(TRIES):
        begun, ours = now(), time.time()
        told = await connection.run(Command(("date", "+%s.%N"), timeout=LOOKING))
        taken = now() - begun
        try:
            best = min(best, (taken, float(told.stdout) - ours - taken / 2))
        except ValueError:
            return 0.0
    return best[1]


async def merge(sources: Sequence[Source], each: Callable[[Line], None]) -> None:
    """Hand over all lines, first those that are there in the order of their times, then as they come.

    A source that breaks off has its `problem` then, and keeps no other; one without a log has no `head`.
    One that has a problem already is not read.
    """
    async with AsyncExitStack() as stack:
        works = {each.host: _opened(each, stack) for each in sources if each.problem is None}
        readers = [each for each in (await together(works)).values() if each is not None]
        await _in_order([lines for _, _, lines in readers], each)
        await together({source.host: _rest(source, stream, lines, each) for source, stream, lines in readers})


async def _opened(source: Source, stack: AsyncExitStack) -> Reader | None:
    """Begin to read a source; the stack ends it."""
    try:
        stream = await stack.enter_async_context(source.connection.stream(Command(source.argv)))
    except SparkupError as error:
        source.problem = error.problems[0]
        return None
    return source, stream, _lines(source, stream)


async def _in_order(readers: Sequence[AsyncIterator[Line | None]], each: Callable[[Line], None]) -> None:
    """Hand over what is there: the earliest first."""
    heap: list[tuple[float, int, Line]] = []

    async def next_of(number: int) -> None:
        line = await anext(readers[number], None)
        if line is not None:
            heapq.heappush(heap, (line.at, number, line))

    await together({str(number): next_of(number) for number in range(len(readers))})
    while heap:
        _, number, line = heapq.heappop(heap)
        each(line)
        await next_of(number)


async def _rest(
    source: Source, stream: Stream, lines: AsyncIterator[Line | None], each: Callable[[Line], None]
) -> None:
    """Hand over what comes from now on, to the end."""
    async for line in lines:
        if line is not None:
            each(line)
    if source.problem is not None:
        return
    try:
        result = await stream.status()
    except SparkupError as error:
        source.problem = error.problems[0]
        return
    if result.status not in (0, NOT_RUNNING):
        details = tuple(result.stderr.splitlines()[-5:])
        message = f"reading the log ended with status {result.status}"
        source.problem = Problem("step-failed", message, source.host, details=details)


async def _lines(source: Source, stream: Stream) -> AsyncIterator[Line | None]:
    """Yield the lines of a source, and None once between what was there and what is new."""
    try:
        async for text in stream.lines():
            told = _read(text, source.host)
            if "line" in told:
                source.last = max(source.last, told["at"] - source.ahead)  # a clock may be set back
                data = str(told["line"]).encode("utf-8", "surrogateescape")
                yield Line(source.last, source.rank, source.host, data)
            elif "live" in told:
                yield None
            else:
                source.head = told
    except SparkupError as error:
        source.problem = error.problems[0]


def _read(text: str, host: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        raise WorkFailed(Problem("bad-answer", "its log came in words we cannot read", host)) from None
    return told if isinstance(told, dict) else {}
