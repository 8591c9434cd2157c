"""Start a rank in a container with the engine's own command line, and end what is left of one.

A container is found by the label of its attempt: its name may be another's by now. `rank.json` names
the first process as the host numbers it; `inside.json` says the same for those who are in there. Until
there is a first process, `rank.json` names us, who start it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time

from . import state
from .look import Record
from .rank import problem

ENGINES = ("docker", "podman")
# Seconds for the first process of a container to say that the rank runs: Python comes from a cold disk.
STARTING = 150.0
# What runc, crun and the engines say of an image in which there is no python3.
NO_PYTHON = re.compile(r"python3\W+(: )?(executable file )?(`.*)?(not found|no such file)", re.IGNORECASE)


class Unanswered(Exception):
    """The engine does not work, or does not let us in."""


def call(argv: list[str], secrets: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command line of the engine; secrets go in its environment, where it takes them from."""
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        env=dict(os.environ, **(secrets or {})),
    )


def run(folder: str, spec: state.Json, secrets: dict[str, str]) -> state.Json:
    """Start the container; return {} when the rank runs, else what kept it from that, with nothing left."""
    for each in spec["container"]["folders"]:
        with contextlib.suppress(OSError):
            os.makedirs(each, exist_ok=True)  # docker would make it root's; podman does not start without it
    asked = asked_to_end()
    try:
        Record(folder)  # while a full disk can still be told from a fault of the engine
        state.write(
            os.path.join(folder, "rank.json"), dict(state.identity(os.getpid(), os.getpid()), starting=True)
        )
    except OSError as error:
        return problem("log-not-writable", error)
    try:
        done = call(spec["container"]["run"], secrets)
    except OSError as error:
        return {"error": "container-failed", "message": "%s: %s" % (spec["engine"], error.strerror)}
    if done.returncode == 0:
        told = begun(folder, spec, done.stdout.split()[-1], asked)
    else:
        told = {"error": "container-failed", "message": done.stderr.strip(), "status": done.returncode}
    if told:
        with contextlib.suppress(Unanswered):
            remove(spec)
    return told


def asked_to_end() -> list[int]:
    """Return what will hold SIGTERM once `stop` has sent it.

    The engine brings a start to its end even if we do not: only then is what it made to be seen, and removed.
    """
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    return asked


def begun(folder: str, spec: state.Json, container: str, asked: list[int]) -> state.Json:
    """Wait until the rank runs in its container, and note where; return {} or why it does not."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and not asked:
        pid = first_process(spec, container)  # before we look: what it wrote, it wrote while it lived
        inside = state.read(os.path.join(folder, "inside.json"))
        ended = state.read(os.path.join(folder, "exit.json"))
        if inside is not None:
            state.write(os.path.join(folder, "rank.json"), identity(pid, container))
            return {}
        if ended is not None:
            return dict(ended.get("problem") or {"error": "container-failed", "message": "it ended at once"})
        if pid == 0:
            return {"error": "container-failed", "message": output(spec, container)}
        time.sleep(0.05)
    why = "it was stopped" if asked else "its first process did not answer"
    return {"error": "container-failed", "message": why}


def identity(pid: int, container: str) -> state.Json:
    """Return what tells this container's first process from any other, ever."""
    return dict(state.identity(pid, next(iter(state.children(pid)), pid)), container=container)


def first_process(spec: state.Json, container: str) -> int:
    """Return the host's number of a container's first process, 0 when it does not run."""
    done = call([spec["engine"], "inspect", "--format", "{{.State.Pid}}", container])
    with contextlib.suppress(ValueError):
        return int(done.stdout)
    return 0


def processes(spec: state.Json) -> set[int]:
    """Return what runs in the containers of an attempt but its supervisor; raises Unanswered."""
    firsts = [first_process(spec, each) for each in of(spec, "running")]
    return {each for first in firsts if first for each in state.descendants(first) or {first}}


def create(spec: state.Json, secrets: dict[str, str]) -> state.Json:
    """Make the container of an image that has no Python; return the words that run it, or why not."""
    done = call(spec["container"]["create"], secrets)
    if done.returncode:
        with contextlib.suppress(Unanswered):
            remove(spec)
        return {"error": "container-failed", "message": done.stderr.strip(), "status": done.returncode}
    return {"argv": [spec["engine"], "start", "--attach", done.stdout.split()[-1]]}


def output(spec: state.Json, container: str) -> str:
    """Return the last that a container has printed, both streams as one."""
    done = call([spec["engine"], "logs", "--tail", "20", container])
    return (done.stdout + done.stderr).strip()


def of(spec: state.Json, status: str = "") -> list[str]:
    """Return the containers of an attempt, whatever became of them, or with a status; raises Unanswered."""
    filters = ["--filter", "label=sparkup.attempt=" + spec["attempt"]]
    filters += ["--filter", "status=" + status] if status else []
    try:
        done = call([spec["engine"], "ps", "--all", "--quiet", "--no-trunc", *filters])
    except OSError as error:
        raise Unanswered("%s: %s" % (spec["engine"], error.strerror)) from None
    if done.returncode:
        raise Unanswered(done.stderr.strip())
    return done.stdout.split()


def stop(spec: state.Json, seconds: float) -> None:
    """Tell the containers of an attempt to end; after so long the engine kills all that is in them."""
    for each in of(spec, "paused"):
        call([spec["engine"], "unpause", each])  # podman stops none, and what is frozen cannot end
    for each in of(spec):
        call([spec["engine"], "stop", "--time", "%d" % seconds, each])


def remove(spec: state.Json) -> None:
    """Remove the containers of an attempt; raises Unanswered for one that is still there."""
    said = [call([spec["engine"], "rm", "--force", each]).stderr.strip() for each in of(spec)]
    if left := of(spec):
        raise Unanswered("; ".join(filter(None, said)) or "its container is still there: %s" % left[0][:12])


def is_one(spec: state.Json | None) -> bool:
    """Say whether a launch runs in a container."""
    return bool(spec) and (spec or {}).get("engine") in ENGINES
