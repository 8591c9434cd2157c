"""Who has joined the Ray cluster of a launch: the Python that has Ray is asked, which may not be ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

from . import state
from .processes import child_environment

TIMEOUT = 30.0  # seconds: it imports Ray, perhaps while a model is loaded


def joined(spec: state.Json) -> state.Json:
    """Return {"joined": the launch's hosts that are in its cluster}, and the "problem" if nobody can say."""
    beats = spec["beats"]
    env = child_environment(spec, {})
    argv = [python(env), sys.argv[0], "joined", "%s:%d" % (beats["address"], beats["port"])]
    pipe = subprocess.PIPE
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=env, timeout=TIMEOUT, check=False
        )
        told = json.loads(done.stdout.splitlines()[-1].decode())
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        told = {"problem": "no word of who has joined: %s" % error}
    ours = {beats["address"], *(peer["address"] for peer in beats["peers"])}
    nodes = [each for each in told.get("nodes", ()) if each["address"] in ours]
    return dict({"joined": nodes}, **({"problem": told["problem"]} if "problem" in told else {}))


def python(env: dict[bytes, bytes]) -> str:
    """Return the Python that has the `ray` of a rank: the one beside it, as in a virtual environment."""
    path = os.fsdecode(env.get(b"PATH", os.fsencode(os.defpath)))
    beside = os.path.join(os.path.dirname(shutil.which("ray", path=path) or ""), "python3")
    return beside if os.access(beside, os.X_OK) else shutil.which("python3", path=path) or sys.executable
