"""Where the output of a child goes: kept whole or its tail, or read line by line while it runs."""

import asyncio
from typing import Protocol

TAIL = 64 * 1024  # bytes
AHEAD = 1024 * 1024  # bytes of lines that may wait for their reader


class Sink(Protocol):
    """Takes what one pipe of a child brings."""

    def feed(self, data: bytes, pipe: asyncio.ReadTransport) -> None:
        """Take output; may pause the pipe it came from."""
        ...

    def eof(self) -> None:
        """Take note that no more comes."""
        ...


class Kept:
    """Keeps output: all of it, or the last `limit` bytes."""

    def __init__(self, limit: int | None = None) -> None:
        self._limit, self._data = limit, bytearray()

    def feed(self, data: bytes, _pipe: asyncio.ReadTransport) -> None:
        """Keep some output."""
        self._data += data
        if self._limit is not None:
            del self._data[: -self._limit]

    def eof(self) -> None:
        """Nothing waits for the end."""

    def text(self) -> str:
        """Return what is kept; bytes that are no UTF-8 become U+FFFD."""
        return self._data.decode(errors="replace")


class Lines:
    """Hands out lines of any length, and holds the program back while nobody reads them."""

    def __init__(self) -> None:
        self._ready: list[bytes] = []
        self._size, self._partial = 0, bytearray()
        self._news = asyncio.Event()
        self._over = self._discarding = False
        self._pipe: asyncio.ReadTransport | None = None

    def feed(self, data: bytes, pipe: asyncio.ReadTransport) -> None:
        """Cut output into lines."""
        self._pipe = pipe
        if self._discarding:
            return
        *complete, rest = data.split(b"\n")
        if complete:
            complete[0] = bytes(self._partial) + complete[0]
            self._partial.clear()
            self._push(complete)
        self._partial += rest
        if self._size > AHEAD:
            pipe.pause_reading()

    def eof(self) -> None:
        """Hand out the last line even if it has no end."""
        if self._partial:
            self._push([bytes(self._partial)])
            self._partial.clear()
        self._over = True
        self._news.set()

    def discard(self) -> None:
        """Drop all lines, also those to come, so that the program is not held back."""
        self._discarding = True
        self._ready = []
        self._partial.clear()
        self._size = 0
        self._resume()

    async def batch(self) -> list[str]:
        """Wait for lines and return all there are, none at the end; one at a time is slow for a log."""
        while not self._ready and not self._over:
            self._news.clear()
            await self._news.wait()
        ready, self._ready, self._size = self._ready, [], 0
        self._resume()
        return [line.decode(errors="replace").removesuffix("\r") for line in ready]

    def _push(self, lines: list[bytes]) -> None:
        self._ready += lines
        self._size += sum(map(len, lines))
        self._news.set()

    def _resume(self) -> None:
        if self._pipe is not None:
            self._pipe.resume_reading()
