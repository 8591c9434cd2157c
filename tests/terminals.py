"""A terminal for a program: it has a session of its own on it, and the terminal can go away."""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import LONG


class Terminal:
    """The other end of a terminal: what a user sees and types."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master, self.process = master, process
        self.seen = ""

    def expect(self, text: str) -> str:
        """Read until the program has written something; return all that it has written."""
        deadline = time.monotonic() + LONG
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not come; there was {self.seen!r}"
            if not self._read():
                assert text in self.seen, f"the program ended without {text!r}; there was {self.seen!r}"
        return self.seen

    def rest(self) -> str:
        """Read to the end of the program; return all that it has written."""
        while self._read():
            pass
        return self.seen

    def type(self, text: str) -> None:
        """Send keys: "\\x03" is Ctrl-C."""
        os.write(self._master, text.encode())

    def status(self) -> int:
        """Wait for the end of the program."""
        self.rest()
        return self.process.wait(LONG)

    def hang_up(self) -> None:
        """Take the terminal away: the kernel sends SIGHUP to its session."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the program and the terminal."""
        self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 1.0)[0]:
            return self.process.poll() is None
        data = b""
        with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
            data = os.read(self._master, 65536)
        self.seen += data.decode(errors="replace")
        return bool(data)


@contextmanager
def on_terminal(argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Iterator[Terminal]:
    """Run a program on a terminal for the time of a `with`."""
    master, slave = os.openpty()
    try:
        words = ["setsid", "--ctty", *argv]
        process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd)
    finally:
        os.close(slave)
    terminal = Terminal(master, process)
    try:
        yield terminal
    finally:
        terminal.close()
