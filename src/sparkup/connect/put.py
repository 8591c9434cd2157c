"""Writing a file on a host, the same way on all of them: by a small program that runs there."""

from importlib.resources import files
from pathlib import PurePosixPath
from typing import Protocol

from sparkup.connect.status import NOT_EXECUTABLE, NOT_FOUND
from sparkup.domain.command import Command, Result
from sparkup.domain.host import Host
from sparkup.errors import GateRefused, Problem, WorkFailed

WRITER = files("sparkup.connect").joinpath("writer.py").read_text("utf-8")


class Runs(Protocol):
    """What `put` needs of a connection."""

    host: Host
    python: str

    async def run(self, command: Command) -> Result:
        """Run a command to its end."""
        ...


async def put(connection: Runs, content: bytes, path: PurePosixPath, mode: int) -> None:
    """Write a file; raises GateRefused without a Python there, WorkFailed if the host cannot."""
    python, where = connection.python, connection.host.name
    # -I -S: neither the user's modules nor the current folder's take part, and it starts faster.
    words = (python, "-I", "-S", "-c", WRITER, str(path), f"{mode:o}", str(len(content)))
    result = await connection.run(Command(words, content))
    if result.status in {NOT_FOUND, NOT_EXECUTABLE}:
        hint = "install python3 there (apt-get install python3)"
        problem = Problem("no-python", f"there is no {python} that could write {path}", where, hint)
        raise GateRefused(problem)
    if result.status != 0:
        last = result.stderr.strip().rpartition("\n")[2]
        reason = last or f"the writer ended with status {result.status}"
        raise WorkFailed(Problem("file-not-written", f"cannot write {path}: {reason}", where))
