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
        self.deadline = 0.0  # until when there must be a first word

    def news(self, seconds: float) -> state.Json:
        """Return who is in the cluster: what is new within so many seconds, else what was told last."""
        try:
            line = self.line(seconds)
            found = json.loads(line.decode()) if line else None
        except (OSError, ValueError) as error:
            self.close()
            found = {"problem": "no word of who has joined: %s" % error}
        if found is not None:
            nodes = [each for each in found.get("nodes", ()) if each["address"] in self.ours]
            problem = {"problem": found["problem"]} if "problem" in found else {}
            self.told = dict({"joined": nodes}, **problem)
        return self.told

    def line(self, seconds: float) -> bytes:
        """Return the next line that is told, b"" for none within so many seconds; raises OSError."""
        if self.asking is None:
            pipe, null = subprocess.PIPE, subprocess.DEVNULL
            self.asking = subprocess.Popen(
                self.argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=null, env=self.env
            )
            self.deadline = time.monotonic() + TIMEOUT
        if not select.select([self.asking.stdout], [], [], seconds)[0]:
            if time.monotonic() > self.deadline:
                raise OSError("no answer within %.0f s" % TIMEOUT)
            return b""
        line: bytes = self.asking.stdout.readline()
        if not line:
            raise OSError("it ended with status %s" % self.asking.wait())
        self.deadline = float("inf")
        return line

    def close(self) -> None:
        """Ask no more."""
        if self.asking is not None:
            with contextlib.suppress(OSError):
                self.asking.kill()
            self.asking.communicate()
            self.asking = None


def python(env: dict[bytes, bytes]) -> str:
    """Return the Python that has the `ray` of a rank: the one beside it, as in a virtual environment."""
    path = os.fsdecode(env.get(b"PATH", os.fsencode(os.defpath)))
    beside = os.path.join(os.path.dirname(shutil.which("ray", path=path) or ""), "python3")
    return beside if os.access(beside, os.X_OK) else shutil.which("python3", path=path) or sys.executable
