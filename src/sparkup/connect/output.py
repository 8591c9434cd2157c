"""Where the output of a child goes: kept whole or its tail, or read while it runs."""

import asyncio
from typing import Protocol

TAIL = 64 * 1024  # bytes
AHEAD = 1024 * 1024  # bytes that may wait for their reader


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


class Ahead:
    """Hands out output as it came, and holds the program back while nobody reads it."""

    def __init__(self) -> None:
        self._ready: list[bytes] = []
        self._size = 0
        self._news = asyncio.Event()
        self._over = self._discarding = False
        self._pipe: asyncio.ReadTransport | None = None

    def feed(self, data: bytes, pipe: asyncio.ReadTransport) -> None:
        """Keep output until it is read."""
        self._pipe = pipe
        if self._discarding:
            return
        self._ready.append(data)
        self._size += len(data)
        self._news.set()
        if self._size > AHEAD:
            pipe.pause_reading()

    def eof(self) -> None:
        """Let nobody wait for more."""
        self._over = True
        self._news.set()

    def discard(self) -> None:
        """Drop all output, also what is to come, so that the program is not held back."""
        self._discarding = True
        self._take()

    async def read(self) -> bytes:
        """Wait for output and return all there is, none at the end."""
        while not self._ready and not self._over:
            self._news.clear()
            await self._news.wait()
        return self._take()

    def _take(self) -> bytes:
        data, self._ready, self._size = b"".join(self._ready), [], 0
        if self._pipe is not None:
            self._pipe.resume_reading()
        return data
