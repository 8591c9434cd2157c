"""Containers of a simulated host, by the command line of sparkup and by that of docker."""

import itertools
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.docked import IMAGE, Docked, docked, make_image
from tests.simhosts.hosts import CONTROL, Setup, Testbed, booted, lacks, sweep
from tests.user import Done

LIMIT = 120.0  # seconds for one command
RIGHTS = ("--privileged", "--ipc", "host", "--network", "host")  # as a launch has them
SHARED = ("-o", "ControlMaster=auto", "-o", "ControlPersist=yes")


def missing() -> str:
    """Say why there can be no such host here; nothing if there can."""
    return lacks("docker")


@dataclass(frozen=True, slots=True)
class Containers:
    """What is timed, with names that are used once; what it leaves is removed when the clock has stopped."""

    user: Docked
    bed: Testbed
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def docker(self, *words: str) -> str:
        """Run docker on the host, over a connection that is there."""
        path = f"ControlPath={self.user.home}/s"
        client = ("ssh", *SHARED, "-o", path, self.user.where, shlex.join(("docker", *words)))
        argv = self.bed.argv(CONTROL, client)
        done = subprocess.run(
            argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT, text=True
        )
        return done.stdout

    def sparkup(self, *words: str) -> Done:
        """Run sparkup, which must succeed."""
        done = self.user.run(*words)
        if done.status:
            raise RuntimeError(done.err)
        return done

    def run_detached(self, *argv: str) -> float:
        """Time `docker run --detach`."""
        name = self._name()
        return self._timed(
            lambda: self.docker("run", "--detach", "--name", name, *RIGHTS, IMAGE, *argv),
            lambda: self.docker("rm", "--force", name),
        )

    def launch_detached(self, *argv: str) -> float:
        """Time `sparkup launch -d`."""
        name = self._name()
        return self._timed(
            lambda: self.launch(name, *argv),
            lambda: self.sparkup("stop", name),
        )

    def launch(self, name: str, *argv: str) -> None:
        """Launch what is no server."""
        self.sparkup("launch", "-d", "--ready", "none", "--name", name, "-t", IMAGE, "--", *argv)

    def run_attached(self, *argv: str) -> float:
        """Time `docker run` until what it runs has ended."""
        return self._timed(lambda: self.docker("run", "--rm", *RIGHTS, IMAGE, *argv))

    def launch_attached(self, *argv: str) -> float:
        """Time `sparkup launch` until what it runs has ended."""
        return self._timed(lambda: self.sparkup("launch", "-t", IMAGE, "--", *argv))

    def _name(self) -> str:
        return f"b{next(self.numbers)}"

    @staticmethod
    def _timed(work: Callable[[], object], *after: Callable[[], object]) -> float:
        begun = time.monotonic()
        work()
        seconds = time.monotonic() - begun
        for each in after:
            each()
        return seconds


@contextmanager
def containers() -> Iterator[Containers]:
    """Boot a host with docker and an image for the time of a `with`."""
    sweep()
    with (
        tempfile.TemporaryDirectory(prefix="sparkup-bench-") as folder,
        booted(Setup(hosts=1, engine="docker")) as bed,
    ):
        make_image(bed, IMAGE)
        with docked(bed, Path(folder) / "home") as user:
            yield Containers(user, bed)
