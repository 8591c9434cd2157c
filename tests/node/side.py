"""The programs of node/ as they run on a host: the built zip under some Python, with a root of its own."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests import processes
from tests.pythons import oldest
from tests.waiting import LONG, until

Json = dict[str, Any]
# For a test that waits for seconds: under one Python is enough.
ONCE = pytest.mark.parametrize("python", [oldest() or sys.executable], ids=["once"], indirect=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb left: its exit status, the JSON it printed, standard error."""

    status: int
    value: Json
    stderr: str


@dataclass(frozen=True, slots=True)
class Side:
    """A host's side of sparkup: a Python, the program, the root of its state."""

    python: str
    program: Path
    root: Path

    def argv(self, verb: str, *words: str) -> list[str]:
        """Return the command line of a verb."""
        return [self.python, str(self.program), verb, *words]

    def on(self, verb: str, name: str, *words: str) -> list[str]:
        """Return the command line of a verb for a launch."""
        return self.argv(verb, name, "--root", str(self.root), *words)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a bare login."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.root.parent), "LANG": "C.UTF-8"}

    def run(
        self, argv: Sequence[str], given: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a verb to its end."""
        done = subprocess.run(
            argv,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=90,
            check=False,
            env={**self.environment, **(env or {})},
        )
        lines = done.stdout.splitlines()
        value = json.loads(lines[-1]) if lines and lines[-1].startswith(b"{") else {}
        return Answer(done.returncode, value, done.stderr.decode())

    @contextmanager
    def running(self, argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        """Run a verb whose standard input stays open, for the time of a `with`."""
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=self.environment) as process:
            try:
                yield process
            finally:
                process.kill()

    def spec(self, argv: Sequence[str], name: str = "a", **other: object) -> Json:
        """Return what `start` is to be told."""
        base: Json = {"launch": name, "attempt": secrets.token_hex(6), "rank": 0, "engine": "host"}
        base |= {"argv": list(argv), "env": {}, "secrets": [], "bin": "", "url": "", "port": None}
        return base | {"cwd": "", "ready": "none", "ready_target": "", "attached": False, "grace": 5} | other

    def start(
        self,
        spec: Json,
        secret: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """Start a rank."""
        given = message(dict(spec, secrets=list(secret or ())), secret or {})
        return self.run(self.argv("start", "--root", str(self.root)), given, env)

    def started(self, argv: Sequence[str], name: str = "a", **other: object) -> Json:
        """Start a rank that must start; return its identity and its spec."""
        spec = self.spec(argv, name, **other)
        answer = self.start(spec)
        assert answer.status == 0, answer
        return {**spec, **answer.value["started"]}

    def stop(self, name: str = "a", attempt: str = "") -> Answer:
        """Stop a launch."""
        return self.run(self.on("stop", name, "--attempt", attempt))

    def folder(self, name: str = "a", *, past: bool = False) -> Path:
        """Return where a launch keeps its state."""
        return self.root / ("past" if past else "launches") / name

    def read(self, file: str, name: str = "a", *, past: bool = False) -> Json:
        """Read a file of a launch's state."""
        value: Json = json.loads((self.folder(name, past=past) / file).read_text())
        return value

    def ended(self, name: str = "a") -> Json:
        """Wait until a launch has ended by itself; return how."""
        file = self.folder(name) / "exit.json"
        until(file.exists, f"{file} is written")
        rank = self.read("rank.json", name)
        until(lambda: not processes.lives(rank["pid"]), "the supervisor has ended")
        return self.read("exit.json", name)

    def log(self, name: str = "a", *, past: bool = False) -> str:
        """Return the log of a launch."""
        return (self.folder(name, past=past) / "log").read_text(errors="replace")

    def printed(self, text: str, name: str = "a") -> str:
        """Wait until a launch has printed something; return its log."""
        until(lambda: text in self.log(name), f"{text!r} is in the log")
        return self.log(name)

    def launches(self) -> list[str]:
        """Return the names that are taken."""
        folder = self.root / "launches"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def close(self) -> None:
        """End at once what a test has left running."""
        until(self._nothing_runs, "all processes have ended")

    def _nothing_runs(self) -> bool:
        left = processes.touching(self.root)
        processes.kill(left)
        return not left


def message(spec: Json, secret: Mapping[str, str]) -> bytes:
    """Return standard input for `start`."""
    records = (f"{name}={value}\0".encode() for name, value in secret.items())
    return json.dumps(spec).encode() + b"\n" + b"".join(records)


def signalled(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Send a signal to a process of ours and return its status."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    return process.wait(LONG)
