"""A host over SSH for the command line: it has a home, a state and engines of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.user import ROOT, User
from tests.waiting import LONG

NAME = "spark1"


@dataclass(frozen=True, slots=True)
class Remote:
    """A host that is being served; `there` is whoever logs in on it."""

    there: User
    folder: str
    process: subprocess.Popen[str]

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options that lead a command to it."""
        return ("--ssh-config", f"{self.folder}/config", "--host", NAME)

    def tell(self, word: str) -> None:
        """Let the host do something; see remote_host.py."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


@contextmanager
def serving_host(there: User) -> Iterator[Remote]:
    """Serve a host for the time of a `with`."""
    path = f"{there.environment['PYTHONPATH']}:{ROOT}"
    argv = [sys.executable, str(ROOT / "tests" / "actions" / "remote_host.py")]
    env = {**there.environment, "PYTHONPATH": path}
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=env, cwd=there.home, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            folder = process.stdout.readline().strip()
            yield Remote(there, folder, process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(LONG)
        finally:
            process.kill()
