"""Standard error of a program on a host: what came before the program spoke is set apart."""

import asyncio
import re
import secrets

from sparkup.connect.output import TAIL, Kept


class Marked(Kept):
    """Keeps what follows the mark; words of the client and of login scripts come before it."""

    def __init__(self, limit: int | None = None) -> None:
        super().__init__(limit)
        self.mark = f"sparkup-{secrets.token_hex(8)}"
        self._line = re.compile(rf"{self.mark} (\d+)\n".encode())
        self._before, self._settled = bytearray(), asyncio.Event()
        self.group: int | None = None  # process group of the program
        self.seen = False

    def feed(self, data: bytes, pipe: asyncio.ReadTransport) -> None:
        """Look for the mark, then keep."""
        if self.seen:
            super().feed(data, pipe)
            return
        self._before += data
        if found := self._line.search(self._before):
            self.seen, self.group = True, int(found[1])
            super().feed(bytes(self._before[found.end() :]), pipe)
            del self._before[found.start() :]
            self._settled.set()
        del self._before[:-TAIL]

    def eof(self) -> None:
        """No mark will come any more."""
        self._settled.set()

    async def settled(self) -> None:
        """Wait until the mark has come or cannot come."""
        await self._settled.wait()

    def before(self) -> str:
        """Return what came before the mark."""
        return self._before.decode(errors="replace")

    def text(self) -> str:
        """Return what came after it; where there is none (a login that runs no `sh`), all."""
        return super().text() if self.seen else self.before()
