"""Take the name of a launch on this host: before a start, and at its beginning."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

from . import names, state

NAME_TAKEN, NOT_STARTED = 73, 74


def take(root: str) -> tuple[int, state.Json]:
    """Take the name that standard input describes: the start of that attempt finds it taken by itself."""
    spec, _ = parse_input(sys.stdin.buffer.read())
    return taken(root, state.folder(root, spec["launch"]), spec) or (0, {})


def parse_input(data: bytes) -> tuple[state.Json, dict[str, str]]:
    """Split standard input into the spec and the secrets behind it; raises ValueError for a part of it."""
    line, newline, rest = data.partition(b"\n")
    if not newline or not (rest.endswith(b"\0") or not rest):
        raise ValueError("standard input was cut short")
    spec = json.loads(line)
    records = [record.decode("utf-8", "surrogateescape").partition("=") for record in rest.split(b"\0")[:-1]]
    secrets = {name: value for name, _, value in records}
    if missing := set(spec["secrets"]) - set(secrets):
        raise ValueError(f"standard input was cut short: no {', '.join(sorted(missing))}")
    return spec, secrets


def taken(root: str, folder: str, spec: state.Json) -> tuple[int, state.Json] | None:
    """Take the name; return what kept us from that."""
    if why := state.refusal(root, spec["launch"]):
        return NOT_STARTED, {"error": "unsafe-folder", "message": why}
    if told := make_room(folder, spec):
        return (NAME_TAKEN if "launch" in told else NOT_STARTED), told
    try:
        names.take(root, spec)
    except names.Held as held:
        which = {"port": held.port} if held.port else {}
        return NAME_TAKEN, {"error": held.code, "launch": held.launch, **which}
    except OSError as error:
        return NOT_STARTED, import_module(".rank", __package__).problem("log-not-writable", error)
    return None


def make_room(folder: str, spec: state.Json) -> state.Json:
    """Remove the container of the launch that had the name last; return {} or why it has to stay.

    Somebody may have started it again by hand: then it is for `stop` to end it.
    """
    before = state.read(os.path.join(folder, "spec.json"))
    if (
        before is None
        or before.get("attempt") == spec["attempt"]
        or not before.get("container")
        or names.busy(folder)
    ):
        return {}
    container = import_module(".container", __package__)
    try:
        if container.up(before):
            return {"error": "name-taken", "launch": spec["launch"]}
        container.remove(before)
    except container.Unanswered as error:
        if spec.get("container"):
            return {"error": "container-failed", "message": str(error)}
    return {}
