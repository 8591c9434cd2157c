"""Say whether a launch is ready, as its spec defines that, and keep the verdict beside it."""

from __future__ import annotations

import contextlib
import os
import socket
import time

from . import ask, state

READY, NOT_YET, ENDED = "ready", "not-yet", "ended"


class Judge:
    """Holds one launch against its readiness: none, server (health and a canary), port or http."""

    def __init__(self, folder: str, spec: state.Json) -> None:
        self.folder, self.spec = folder, spec
        self.kind, self.target = spec.get("ready", "none"), spec.get("ready_target", "")
        self.last_health: int | None = None
        self.refusals = 0

    def look(self) -> state.Json:
        """Return {"state": ..., ...}; a canary that failed is in it, with how often it has."""
        if self.kind == "none":
            return {"state": READY}
        if self.kind == "port":
            return {"state": READY if connects(int(self.target)) else NOT_YET}
        if self.kind == "http":
            return {"state": READY if ask.answers(self.target) else NOT_YET}
        return self.look_at_server()

    def look_at_server(self) -> state.Json:
        """Hold a server against its readiness: it is ours, says it is well, and answers."""
        rank = state.read(os.path.join(self.folder, "rank.json")) or {}
        port = self.spec.get("port")
        if port is not None and not state.holds_port(int(rank.get("pid", -1)), int(port)):
            return {"state": NOT_YET, "health": None}  # whoever answers there, it is not ours
        server = ask.of(self.spec, rank)
        self.last_health = server.health()
        if self.last_health != 200:
            return {"state": NOT_YET, "health": self.last_health}
        canary = ask.canary(server)
        if canary["ok"]:
            return {"state": READY, "health": 200, "canary": canary}
        self.refusals += 1
        return {"state": NOT_YET, "health": 200, "canary": canary, "refusals": self.refusals}

    def keep(self, verdict: state.Json, offset: int) -> None:
        """Write the verdict where `status` of any machine finds it; `offset` is the log's size then."""
        with contextlib.suppress(OSError):  # a full disk costs the note, not the launch
            path = os.path.join(self.folder, "ready.json")
            state.write(path, dict(verdict, at=time.time(), offset=offset))


def connects(port: int) -> bool:
    """Say whether a port of this host takes a connection, on either loopback address."""
    for address in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((address, port), 2.0):
            return True
    return state.listening(port)


def once(root: str, name: str) -> state.Json:
    """Look at a launch once."""
    folder = state.folder(root, name)
    spec = state.read(os.path.join(folder, "spec.json"))
    rank = state.read(os.path.join(folder, "rank.json"))
    if spec is None or not state.lives(rank):
        return {"state": ENDED, "exit": state.read(os.path.join(folder, "exit.json"))}
    verdict = Judge(folder, spec).look()
    if verdict["state"] == READY:
        with contextlib.suppress(OSError):
            offset = os.path.getsize(os.path.join(folder, "log"))
            Judge(folder, spec).keep(verdict, offset)
    return verdict
