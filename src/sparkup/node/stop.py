"""End a launch on this host, all of it, and say what it took."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Callable

from . import container, names, rank, state
from .engine import Unanswered

SUPERVISOR_GRACE = rank.GRACE + rank.TREE_GRACE + 10.0  # seconds; it does the work while it lives
STARTER_GRACE = 60.0  # seconds
SETTLE = 15.0  # seconds that memory may take to come back (users.md F26)

NOTHING: state.Json = {
    "found": False,
    "was_running": False,
    "processes": 0,
    "left": [],
    "port": None,
    "port_free": True,
    "memory_before": 0,
    "memory_after": 0,
    "seconds": 0.0,
}


def stop(
    root: str, name: str, attempt: str, patience: float | None = None, engine: str = ""
) -> tuple[int, state.Json]:
    """Stop the launch of that name; with an attempt given, only if it is still that one.

    With an engine given as well, an attempt of which its folder tells nothing is one whose folder is gone:
    its container is found by its label.

    The supervisor is asked first; whatever is left after `patience` seconds, or was left when it
    died, is found by the mark in its environment, told to end, and killed. Ends with status 1 when
    something would not go away.
    """
    folder = state.folder(root, name)
    spec = state.read(os.path.join(folder, "spec.json"))
    supervisor = state.read(os.path.join(folder, "rank.json"))
    if spec is None or (attempt and spec.get("attempt") != attempt):
        if not engine:
            return 0, dict(NOTHING)
        spec, supervisor = {"attempt": attempt, "engine": engine}, None
    before, begun = state.memory_available(), time.monotonic()
    members = state.marked(spec["attempt"])
    running = bool(members) or state.lives(supervisor)
    grace = SUPERVISOR_GRACE if patience is None else patience
    contained = container.is_one(spec)
    try:
        if contained:
            members |= state.descendants(int(supervisor["pid"])) if supervisor and running else set()
            members |= set() if supervisor else container.processes(spec)
            running = running or container.up(spec)
        tell(spec, supervisor, grace)
        left = rank.end(lambda: strays(spec["attempt"], supervisor), rank.TREE_GRACE, time.sleep)
        if contained:
            container.remove(spec)
    except Unanswered as error:
        why = "%s; its container has the label sparkup.attempt=%s" % (error, spec["attempt"])
        ended = "launch" in spec and without_engine(folder, supervisor, grace)
        return 1, dict(NOTHING, found=True, was_running=running, problem=why, ended=ended)
    told = {
        "found": True,
        "was_running": running,
        "processes": len(members),
        "left": left,
        **came_back(spec.get("port"), before, running=running),
        "seconds": round(time.monotonic() - begun, 2),
    }
    if left:
        return 1, told
    names.give_up(root, name, spec["attempt"])
    return 0, told


def came_back(port: int | None, before: int, *, running: bool) -> state.Json:
    """Say whether port and memory are free again, which may take a moment."""
    return {
        "port": port,
        "port_free": port is None or wait_for(lambda: not state.listening(int(port)), 5.0),
        "memory_before": before,
        "memory_after": settle() if running else before,
    }


def tell(spec: state.Json, supervisor: state.Json | None, grace: float) -> None:
    """Tell the supervisor to end its rank, and wait for it; raises Unanswered."""
    if supervisor and state.lives(supervisor) and "container" not in supervisor:
        ask(int(supervisor["pid"]))
        # Who starts a container waits for the engine, and then takes it back.
        wait_for(lambda: not state.lives(supervisor), STARTER_GRACE if "starting" in supervisor else grace)
    elif container.is_one(spec):
        container.stop(spec, grace)


def without_engine(folder: str, supervisor: state.Json | None, grace: float) -> bool:
    """Tell a launch to end past an engine that does not answer; say whether all but its container is gone.

    What is not up yet finds it out when it comes up.
    """
    state.ask_to_end(folder)
    if not supervisor or "container" not in supervisor:
        return False
    return wait_for(lambda: not state.lives(supervisor), grace)


def ask(pid: int) -> None:
    """Tell the supervisor to end its rank."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def strays(attempt: str, supervisor: state.Json | None) -> set[int]:
    """Return what is left of an attempt, its supervisor included."""
    found = state.marked(attempt)
    if supervisor and state.lives(supervisor):
        found.add(int(supervisor["pid"]))
    if supervisor and state.lives(supervisor, "child"):
        found |= {int(supervisor["child"])} | state.descendants(int(supervisor["child"]))
    return found


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds; say whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def settle() -> int:
    """Wait until memory stops coming back; return what is available then, in bytes."""
    deadline, last = time.monotonic() + SETTLE, state.memory_available()
    while time.monotonic() < deadline:
        time.sleep(0.3)
        now = state.memory_available()
        if now - last < 64 << 20:
            return now
        last = now
    return last
