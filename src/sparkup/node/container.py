"""Start a rank in a container with the engine's own command line, and end what is left of one.

A container is found by the label of its attempt: its name may be another's by now. `rank.json` names
the first process as the host numbers it; `inside.json` says the same for those who are in there.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time

from . import state

ENGINES = ("docker", "podman")
NOT_STARTED = 74
STARTING = 60.0  # seconds for the first process of a container to say that the rank runs
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
    try:
        done = call(spec["container"]["run"], secrets)
    except OSError as error:
        return {"error": "container-failed", "message": "%s: %s" % (spec["engine"], error.strerror)}
    if done.returncode == 0:
        problem = begun(folder, spec, done.stdout.split()[-1])
    else:
        problem = {"error": "container-failed", "message": done.stderr.strip(), "status": done.returncode}
    if problem:
        with contextlib.suppress(Unanswered):
            remove(spec)
    return problem


def begun(folder: str, spec: state.Json, container: str) -> state.Json:
    """Wait until the rank runs in its container, and note where; return {} or why it does not."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
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
    return {"error": "container-failed", "message": "its first process did not answer"}


def identity(pid: int, container: str) -> state.Json:
    """Return what tells this container's first process from any other, ever."""
    child = next(iter(children(pid)), pid)
    return {
        "pid": pid,
        "pid_start": state.start_time(pid),
        "child": child,
        "child_start": state.start_time(child),
        "boot": state.boot_id(),
        "started": time.time(),
        "container": container,
    }


def first_process(spec: state.Json, container: str) -> int:
    """Return the host's number of a container's first process, 0 when it does not run."""
    done = call([spec["engine"], "inspect", "--format", "{{.State.Pid}}", container])
    with contextlib.suppress(ValueError):
        return int(done.stdout)
    return 0


def children(pid: int) -> list[int]:
    """Return the direct children of a process."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


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


def of(spec: state.Json) -> list[str]:
    """Return the containers of an attempt, whatever became of them; raises Unanswered."""
    label = "label=sparkup.attempt=" + spec["attempt"]
    try:
        done = call([spec["engine"], "ps", "--all", "--quiet", "--no-trunc", "--filter", label])
    except OSError as error:
        raise Unanswered("%s: %s" % (spec["engine"], error.strerror)) from None
    if done.returncode:
        raise Unanswered(done.stderr.strip())
    return done.stdout.split()


def stop(spec: state.Json, seconds: float) -> None:
    """Tell the containers of an attempt to end; after so long the engine kills all that is in them."""
    for each in of(spec):
        call([spec["engine"], "stop", "--time", "%d" % seconds, each])


def remove(spec: state.Json) -> list[str]:
    """Remove the containers of an attempt; return those that are still there."""
    for each in of(spec):
        call([spec["engine"], "rm", "--force", each])
    return of(spec)


def is_one(spec: state.Json | None) -> bool:
    """Say whether a launch runs in a container."""
    return bool(spec) and (spec or {}).get("engine") in ENGINES
