"""Start one rank on this host.

Reads a spec (one JSON line, then NAME=value secrets, each ended by NUL) from standard input and
answers with one JSON line when the rank runs, or says why it could not be started.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from importlib import import_module
from typing import Any, Callable, NamedTuple, NoReturn

from . import names, state
from .log import LOG_LIMIT, Log
from .peers import KEY
from .processes import Place
from .rank import detach, problem, supervise
from .taking import NOT_STARTED, parse_input, taken

FROM_OUTSIDE = "%s: the container is looked after from outside"


def start(root: str, spec: state.Json, secrets: dict[str, str]) -> tuple[int, state.Json]:
    """Take the name, start the supervisor, wait until it has started the rank."""
    folder = state.folder(root, spec["launch"])
    if refused := taken(root, folder, spec):
        return refused
    try:
        log = Log(os.path.join(folder, "log"), int(spec.get("log_limit", LOG_LIMIT)))
    except OSError as error:
        names.remove(folder)
        return NOT_STARTED, problem("log-not-writable", error)
    told = begin(folder, spec, secrets, log)
    if "error" in told:
        if "silent" in told:  # what may yet come up finds here that it is to end, and `stop` what to remove
            state.ask_to_end(folder)
        else:
            names.remove(folder)
        return NOT_STARTED, told
    started = state.read(os.path.join(folder, "rank.json")) or {}
    return 0, {"started": started, "folder": folder, "note": told.get("note", "")}


def begin(folder: str, spec: state.Json, secrets: dict[str, str], log: Log) -> state.Json:
    """Start the rank where it is to run; return why it could not be, else perhaps a `note`."""
    if not spec.get("container"):
        return as_process(folder, spec, secrets, log)
    container = import_module(".container", __package__)
    patience = container.patience(spec)
    try:
        told: state.Json = container.run(folder, spec, secrets, patience)
        if "without" in told and "silent" not in told:
            return without_python(folder, spec, secrets, log, Without(told["without"], patience))
    except container.Silent as error:
        return {**container.failed(str(error)), "silent": True}
    except container.Unanswered as error:
        return dict(container.failed(str(error)))
    return told


class Without(NamedTuple):
    """Why nothing of ours can run in a container, and how long its start may take."""

    why: str
    patience: Any


def without_python(
    folder: str, spec: state.Json, secrets: dict[str, str], log: Log, without: Without
) -> state.Json:
    """Start a container in which nothing of ours can run; return a `note`, or why it could not be.

    Its supervisor is on the host and holds the engine's own client, which passes output and signals on.
    """
    if spec.get("backend") == "ray":
        return {"error": "command-not-found", "message": "ray: " + without.why}
    container = import_module(".container", __package__)
    made = container.create(spec, secrets, without.patience)
    if "error" in made:
        return dict(made)
    outside = dict(spec, argv=made["argv"], env={}, cwd="/", port=None, first=[], awaits=None)

    def clear() -> None:
        # Or it could be started again by hand, and would run unwatched. What it has printed is in the log.
        with contextlib.suppress(container.Unanswered):
            container.remove(spec)

    ours = {name: value for name, value in secrets.items() if name == KEY}
    told = as_process(folder, outside, ours, log, clear)
    if told:
        return dict(container.taken_back(spec, told))
    return {"note": "; ".join(filter(None, (FROM_OUTSIDE % without.why, made["note"])))}


def as_process(
    folder: str,
    spec: state.Json,
    secrets: dict[str, str],
    log: Log,
    at_end: Callable[[], None] = lambda: None,
) -> state.Json:
    """Start the rank as a process of this host, with a supervisor that outlives us; return {} or why not.

    The supervisor calls `at_end` when the rank has ended.
    """

    def work(tell: Callable[[state.Json], None]) -> None:
        supervise(Place(folder, "rank.json", lambda: None), spec, secrets, log, tell)
        at_end()

    receive, send = os.pipe()
    try:
        forked = os.fork()
    except OSError as error:
        for end in (receive, send):
            os.close(end)
        return problem("system-refused", error)
    if forked == 0:
        os.close(receive)
        stay(work, send)
    os.close(send)
    with os.fdopen(receive, "r", encoding="utf-8") as pipe:
        told = pipe.read()
    if told:
        return dict(json.loads(told))
    if not os.path.exists(os.path.join(folder, "rank.json")):
        return {"error": "system-refused", "message": "its supervisor ended at once"}
    return {}


def stay(work: Callable[[Callable[[state.Json], None]], None], send: int) -> NoReturn:
    """Be the supervisor to the end of its work; whatever goes wrong before the rank runs is told."""
    heard = False

    def tell(problem: state.Json) -> None:
        nonlocal heard
        heard = True
        os.write(send, json.dumps(problem).encode() if problem else b"")
        os.close(send)

    try:
        detach()
        work(tell)
    except Exception as error:  # noqa: BLE001 - the caller waits for a word, and nobody else would say it
        if not heard:
            tell(problem("system-refused", error))
    finally:
        os._exit(0)


def main(root: str) -> tuple[int, state.Json]:
    """Read standard input and start what it says."""
    try:
        spec, secrets = parse_input(sys.stdin.buffer.read())
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_STARTED, {"started": None}
    return start(root, spec, secrets)
