"""Who has joined the Ray cluster of a launch: the Python that has Ray is asked, which may not be ours."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from typing import Any

from . import state
from .processes import child_environment

TIMEOUT = 30.0  # seconds: it imports Ray, perhaps while a model is loaded


def joined(spec: state.Json) -> state.Json:
    """Return {"joined": the launch's hosts that are in its cluster}, and the "problem" if nobody can say."""
    crowd = Crowd(spec)
    try:
        return crowd.news(TIMEOUT)
    finally:
        crowd.close()


class Crowd:
    """The hosts that are in the cluster of a launch, told by a program that goes on asking (joined.py)."""

    def __init__(self, spec: state.Json) -> None:
        beats = spec["beats"]
        self.ours = {beats["address"], *(peer["address"] for peer in beats["peers"])}
        self.env = child_environment(spec, {})
        self.argv = [python(self.env), sys.argv[0], "joined", "%s:%d" % (beats["address"], beats["port"])]
        self.asking: Any = None
        self.told: state.Json = {"joined": []}
        self.unread = b""
        self.aside = ""  # the last line that was no answer: Python, Ray and what a site starts print as well
        self.deadline = 0.0  # until when there must be an answer, even if it is the same

    def news(self, seconds: float) -> state.Json:
        """Return who is in the cluster: what is new within so many seconds, else what was told last."""
        try:
            found = self.answer(seconds)
        except OSError as error:
            self.close()
            found = {"problem": "no word of who has joined: %s" % error}
        if found is not None:
            nodes = [each for each in found.get("nodes", ()) if each["address"] in self.ours]
            problem = {"problem": found["problem"]} if "problem" in found else {}
            self.told = dict({"joined": nodes}, **problem)
        return self.told

    def answer(self, seconds: float) -> state.Json | None:
        """Return the next answer, None for none within so many seconds; raises OSError."""
        if self.asking is None:
            pipe, out = subprocess.PIPE, subprocess.STDOUT
            self.asking = subprocess.Popen(
                self.argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=out, env=self.env
            )
            self.unread, self.aside = b"", ""
            self.deadline = time.monotonic() + TIMEOUT
        until = time.monotonic() + seconds
        while (line := self.line(until)) is not None:
            found = answer_in(line)
            if found is not None:
                self.deadline = time.monotonic() + TIMEOUT
                return found
            self.aside = line.decode("utf-8", "replace").strip() or self.aside
        return None

    def line(self, until: float) -> bytes | None:
        """Return the next line that is printed, None for none until then; raises OSError."""
        while b"\n" not in self.unread:
            left = max(0.0, until - time.monotonic())
            if not select.select([self.asking.stdout], [], [], left)[0]:
                if time.monotonic() > self.deadline:
                    raise OSError(self.why("no answer within %.0f s" % TIMEOUT))
                return None
            data = os.read(self.asking.stdout.fileno(), 1 << 16)
            if not data:
                raise OSError(self.why("it ended with status %s" % self.asking.wait()))
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        return line

    def why(self, what: str) -> str:
        """Return what went wrong, with the last that was printed beside answers."""
        aside = self.unread.decode("utf-8", "replace").strip() or self.aside
        return "%s: %s" % (what, aside) if aside else what

    def close(self) -> None:
        """Ask no more."""
        if self.asking is not None:
            with contextlib.suppress(OSError):
                self.asking.kill()
            self.asking.communicate()
            self.asking = None


def answer_in(line: bytes) -> state.Json | None:
    """Return the answer that a line is, None for what somebody else has printed."""
    with contextlib.suppress(ValueError):
        found = json.loads(line.decode())
        if isinstance(found, dict) and ("nodes" in found or "problem" in found):
            return found
    return None


def python(env: dict[bytes, bytes]) -> str:
    """Return the Python that has the `ray` of a rank: the one beside it, as in a virtual environment."""
    path = os.fsdecode(env.get(b"PATH", os.fsencode(os.defpath)))
    beside = os.path.join(os.path.dirname(shutil.which("ray", path=path) or ""), "python3")
    return beside if os.access(beside, os.X_OK) else shutil.which("python3", path=path) or sys.executable
