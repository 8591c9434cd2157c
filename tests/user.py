"""A user at a machine: the real command line as a subprocess, with a home and a fake engine of their own."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests import processes
from tests.terminals import Terminal, on_terminal
from tests.waiting import LONG, until

ROOT = Path(__file__).resolve().parents[1]
FAKES = ROOT / "tests" / "fakes" / "bin"
Json = dict[str, Any]


class Done(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """Return the one JSON document on standard output."""
        value: Json = json.loads(self.out)
        return value


@dataclass(slots=True)
class Running:
    """A command that runs; what it prints goes to files."""

    process: subprocess.Popen[bytes]
    out_file: Path
    err_file: Path

    @property
    def out(self) -> str:
        """Return standard output so far."""
        return self.out_file.read_text(errors="replace")

    @property
    def err(self) -> str:
        """Return standard error so far."""
        return self.err_file.read_text(errors="replace")

    def expect(self, text: str) -> None:
        """Wait until it has printed something."""

        def printed() -> bool:
            found = text in self.out + self.err
            assert found or self.process.poll() is None, f"it ended: {self.out}\n{self.err}"
            return found

        until(printed, f"{text!r} is printed")

    def signal(self, number: int = signal.SIGINT) -> None:
        """Send a signal to the command alone."""
        self.process.send_signal(number)

    def done(self, seconds: float = 2 * LONG) -> Done:
        """Wait for the end."""
        status = self.process.wait(seconds)
        return Done(status, self.out, self.err)


@dataclass(frozen=True, slots=True)
class User:
    """A home, an environment, and the command line."""

    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()  # a program that runs what we run, elsewhere

    @property
    def where(self) -> str:
        """Return the host of launches, as the command line calls it."""
        return "local"

    @property
    def state(self) -> Path:
        """Return where launches are."""
        return self.home / "state"

    @property
    def model(self) -> str:
        """Return a folder that is a model."""
        folder = self.home / "model"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text("{}")
        return str(folder)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a login shell."""
        path = os.pathsep.join((str(FAKES), str(Path(sys.executable).parent), os.environ["PATH"]))
        base = {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")}
        places = {"SPARKUP_STATE_DIR": str(self.state), "SPARKUP_DATA_DIR": str(self.home / "data")}
        return {**base, **places, **self.variables}

    def argv(self, *words: str) -> list[str]:
        """Return a command line of sparkup."""
        return [*self.before, sys.executable, "-m", "sparkup", *words]

    def typed(self, words: Sequence[str], env: Mapping[str, str] | None) -> tuple[list[str], dict[str, str]]:
        """Return what runs when a test says these words with these variables, and its environment."""
        return self.argv(*words), {**self.environment, **(env or {})}

    def run(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        given: str | None = None,
        before: Sequence[str] = (),
    ) -> Done:
        """Run sparkup to its end; `before` is a program that runs it."""
        argv, environment = self.typed(words, env)
        done = subprocess.run(
            [*before, *argv],
            input=None if given is None else given.encode(),
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            env=environment,
            cwd=self.home,
            timeout=3 * LONG,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode())

    def json(self, *words: str) -> Json:
        """Run what must succeed with --json; return its document."""
        done = self.run(*words, "--json")
        assert done.status == 0, done
        return done.json

    @contextmanager
    def running(self, *words: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
        """Run sparkup in the background for the time of a `with`, in a session of its own."""
        argv, environment = self.typed(words, env)
        count = len(list(self.home.glob("*.out")))
        out, err = self.home / f"{count}.out", self.home / f"{count}.err"
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
                env=environment,
                cwd=self.home,
                start_new_session=True,
            )
        try:
            yield Running(process, out, err)
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def at_terminal(self, *words: str, env: Mapping[str, str] | None = None) -> Iterator[Terminal]:
        """Run sparkup on a terminal."""
        argv, environment = self.typed(words, env)
        with on_terminal(argv, {"TERM": "xterm", **environment}, self.home) as terminal:
            yield terminal

    def serve(self, *words: str, port: int = 0) -> list[str]:
        """Return the words of a server to launch, on some free port."""
        where = ("--port", str(port or free_port()))
        return ["--", "vllm", "serve", self.model, "--served-model-name", "tiny", *where, *words]

    def launched(self, *words: str, env: Mapping[str, str] | None = None) -> Json:
        """Launch a server and wait until it is ready; return the answer. Words stand before the command."""
        done = self.run("launch", "--json", *words, *self.serve(), env=env)
        assert done.status == 0, done
        return done.json

    def row(self, name: str = "vllm_node") -> Json:
        """Return what status says of a launch."""
        rows: list[Json] = self.json("status")["launches"]
        return next(row for row in rows if row["name"] == name)

    def names(self) -> list[str]:
        """Return the names that have a folder of state."""
        folder = self.state / "launches"
        return sorted(each.name for each in folder.iterdir()) if folder.exists() else []

    def engines(self) -> list[int]:
        """Return the processes that belong to launches: supervisors and all they have started."""
        marked = processes.touching("SPARKUP_ATTEMPT=")
        ours = processes.touching(self.state)
        supervisors = [pid for pid in ours if f"start --root {self.state}" in processes.command(pid)]
        return sorted({*(pid for pid in ours if pid in marked), *supervisors})

    def nothing_is_left(self) -> None:
        """AssertionError if something of a launch is still there: processes, or its name."""
        left = [f"{pid}: {processes.command(pid)}" for pid in self.engines()]
        assert left == []
        assert self.names() == []

    @contextmanager
    def holding(self, port: int) -> Iterator[None]:
        """Listen on a port where launches run."""
        with socket.create_server(("127.0.0.1", port)):
            yield

    def journal(self) -> str:
        """Return all that was written to journals."""
        return "".join(file.read_text() for file in (self.state / "journal").glob("*"))

    def close(self) -> None:
        """End at once what a test has left running."""
        self._end(lambda: processes.touching(self.home))

    def close_launches(self) -> None:
        """The same for launches alone: what else runs in this home ends by itself."""
        self._end(self.engines)

    @staticmethod
    def _end(found: Callable[[], list[int]]) -> None:
        def nothing_runs() -> bool:
            left = found()
            processes.kill(left)
            return not left

        until(nothing_runs, "all processes have ended")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def quoted(argv: Sequence[str]) -> str:
    """Return a command line for a shell."""
    return shlex.join(argv)
