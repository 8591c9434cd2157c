"""Run the command line of a container engine, for a bounded time.

Only engines that we know are run, whatever the state of a launch says.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Sequence

from . import state

ENGINES = ("docker", "podman")
ANSWERING = 10.0  # seconds for an engine to say what there is
LAST_WORD = 20.0  # for what an engine has begun, once that is to be taken back
Done = subprocess.CompletedProcess


class Unanswered(Exception):
    """The engine does not work, or does not let us in."""


class Silent(Unanswered):
    """The engine says nothing at all: what it was told to do it may yet do, when it wakes up."""


class Patience:
    """How long calls may take: so many seconds together, and less once we are asked to end."""

    def __init__(self, seconds: float, asked: Sequence[int] = (), last_word: float = LAST_WORD) -> None:
        self.until, self.asked, self.last_word = time.monotonic() + seconds, asked, last_word
        self.hurried = False

    def over(self) -> bool:
        """Say whether it is over."""
        if self.asked and not self.hurried:
            self.until, self.hurried = min(self.until, time.monotonic() + self.last_word), True
        return time.monotonic() > self.until


def asked_to_end() -> list[int]:
    """Return what will hold SIGTERM once `stop` has sent it.

    The engine brings a start to its end even if we do not: only then is what it made to be seen, and
    removed. One that says nothing for LAST_WORD seconds is not waited for any longer.
    """
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    return asked


def ask(spec: state.Json, *words: str, patience: Patience | None = None) -> Done[str]:
    """Run a command line of a launch's engine, as `call` does; raises Unanswered for what is none."""
    engine = spec.get("engine")
    if engine not in ENGINES:
        raise Unanswered("%r is no container engine" % (engine,))
    return call([str(engine), *words], patience)


def call(
    argv: list[str], patience: Patience | None = None, secrets: dict[str, str] | None = None
) -> Done[str]:
    """Run a command line of the engine; secrets go in its environment, where it takes them from.

    Raises Unanswered where there is no engine, Silent when patience (ANSWERING seconds if none is given)
    is over: the client is killed then, and its daemon may go on.
    """
    patience, pipe = patience or Patience(ANSWERING), subprocess.PIPE
    try:
        running = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            errors="surrogateescape",
            env=dict(os.environ, **(secrets or {})),
        )
    except OSError as error:
        raise Unanswered("%s: %s" % (argv[0], error.strerror)) from None
    with running:
        while True:
            try:
                out, err = running.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                if patience.over():
                    running.kill()
                    raise Silent("%s does not answer (asked to %s)" % (argv[0], argv[1])) from None
            else:
                return subprocess.CompletedProcess(argv, running.returncode, out, err)
