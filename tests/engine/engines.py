"""The engines that tests run: the fake one, and the real one where an environment has it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.processes import children, command, kill, lives
from tests.waiting import until

TESTS = Path(__file__).parents[1]
FAKE = TESTS / "fakes" / "bin" / "vllm"
TINY_MODEL = TESTS.parent / "src" / "sparkup" / "data" / "tiny_model.py"
# No hub, no statistics: what a test starts asks nobody.
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "SPT_NOENV": "1",  # a process title must not overwrite the environment
}
SMALL = ("--max-model-len", "512", "--max-num-seqs", "8", "--kv-cache-memory-bytes", "67108864")
FAST = ("--dtype", "float32", "--enforce-eager", *SMALL)


@dataclass(frozen=True)
class Kind:
    """An engine to test against; `patience` is how many seconds its start may take on a busy machine."""

    name: str
    program: tuple[str, ...]
    model: str
    patience: float

    def start(self, log: Path, *arguments: str, env: Mapping[str, str] | None = None) -> "Served":
        """Start `vllm` with arguments; its output goes to a file, as a launch would keep it."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                (*self.program, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **QUIET, **(env or {})},
                start_new_session=True,
            )
        return Served(process, log, self.patience)


@dataclass
class Served:
    """A running `vllm` and its log."""

    process: subprocess.Popen[bytes]
    log: Path
    patience: float
    port: int = 0
    seen: set[int] = field(default_factory=set)  # all processes it ever had

    def lines(self) -> list[str]:
        """Return the log so far, carriage returns kept."""
        return self.log.read_bytes().decode(errors="replace").split("\n")

    def wait_until_up(self) -> None:
        """Wait for /health to answer 200; a process that ends before is a failed test."""

        def up() -> bool:
            assert self.process.poll() is None, "\n".join(self.lines()[-40:])
            return self.status("/health") == 200

        until(up, "the engine is up", self.patience)
        self.tree()

    def tree(self) -> dict[int, str]:
        """Return the processes below this one with their titles."""
        found: dict[int, str] = {}
        left = [self.process.pid]
        while left:
            below = [pid for pid in children(left.pop()) if lives(pid)]
            found |= {pid: command(pid).strip() for pid in below}
            left += below
        self.seen |= set(found)
        return found

    def titled(self, title: str) -> int:
        """Return the process below this one whose title begins so."""
        return next(pid for pid, name in self.tree().items() if name.startswith(title))

    def status(self, path: str) -> int | None:
        """Return the status of a route, None while nothing answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask(path, timeout=5)[0]
        return None

    def ask(self, path: str, body: object = None, key: str = "", timeout: float = 60) -> tuple[int, str]:
        """Return status and text of a route."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body)
        with contextlib.closing(connection):
            connection.request("GET" if data is None else "POST", path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def json(self, path: str, body: object = None) -> dict[str, Any]:
        """Return the JSON of a route that must answer 200."""
        status, text = self.ask(path, body)
        assert status == 200, text
        answer: dict[str, Any] = json.loads(text)
        return answer

    def events(self, path: str, body: Mapping[str, object]) -> list[dict[str, Any]]:
        """Return the events of a stream; the last is the word [DONE]."""
        status, text = self.ask(path, {**body, "stream": True})
        assert status == 200, text
        words = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
        assert words[-1] == "[DONE]"
        return [json.loads(word) for word in words[:-1]]

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def clear_away(self) -> None:
        """End everything that is left."""
        self.tree()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        kill(self.seen)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(kind: Kind, log: Path, *more: str, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Serve the model as "tiny" on a free port, and clear everything away afterwards."""
    port = free_port()
    where = ("--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny")
    served = kind.start(log, "serve", kind.model, *where, *FAST, *more, env=env)
    served.port = port
    try:
        yield served
    finally:
        served.clear_away()


def ended(served: Served, seconds: float) -> int:
    """Return the exit status of an engine that must end by itself."""
    return served.process.wait(seconds)


def fake(folder: Path) -> Kind:
    """Return the fake engine with a model that is only a config.json."""
    model = folder / "model"
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text('{"max_position_embeddings": 2048}')
    return Kind("fake", (sys.executable, str(FAKE)), str(model), patience=30)


def real(folder: Path, programs: Path) -> Kind:
    """Return the real engine of a managed environment's folder of programs, with a tiny model."""
    model = folder / "tiny"
    subprocess.run((str(programs / "python"), str(TINY_MODEL), str(model)), check=True, timeout=120)
    return Kind("real", (str(programs / "vllm"),), str(model), patience=300)


def run(kind: Kind, log: Path, arguments: Sequence[str]) -> tuple[int, list[str]]:
    """Return exit status and output of a `vllm` that ends by itself."""
    started = kind.start(log, *arguments)
    deadline = time.monotonic() + kind.patience
    try:
        return started.process.wait(deadline - time.monotonic()), started.lines()
    finally:
        started.clear_away()
