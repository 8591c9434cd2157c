"""Judge whether a launch is ready, as its spec defines that, from its start until it is."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import urllib.parse
from typing import Callable

from . import ask, members, state
from .look import NOT_YET, READY, Record

PAUSE, LATE = 0.5, 600.0  # seconds between two looks; seconds after which there are fewer
LATE_PAUSE = 2.0
SOON = 0.1  # the same where each look waits for news by itself
LONGER = 6  # doublings of the pause at most, while requests are not answered well: half a minute
FULL = 30.0  # seconds to the next try to write on a full disk


class Judge:
    """Holds one launch against its readiness: server (health and a canary), port, http or ray."""

    def __init__(self, folder: str, spec: state.Json, rank: state.Json) -> None:
        self.folder, self.spec, self.rank = folder, spec, rank
        self.kind, self.target = spec["ready"], spec.get("ready_target", "")
        self.refusals, self.unanswered = 0, 0
        self.crowd: members.Crowd | None = None

    def until_ready(self, record: Record, size: Callable[[], int]) -> None:
        """Look again and again; `size` is the log's, kept with the verdict for `logs --from-ready`."""
        begun, found = time.monotonic(), self.look()
        while found["state"] != READY:
            record.put(found)
            pause = PAUSE if time.monotonic() < begun + LATE else LATE_PAUSE
            time.sleep(SOON if self.crowd else pause * 2 ** min(self.unanswered, LONGER))
            found = self.look()
        if self.crowd is not None:
            self.crowd.close()
        verdict = dict(found, at=time.time(), offset=size())
        record.put(verdict)
        while not self.keep(verdict):
            time.sleep(FULL)

    def look(self) -> state.Json:
        """Return {"state": ..., ...}; a canary that failed is in it, with how often one was refused."""
        try:
            return self.judged()
        except Exception as error:  # noqa: BLE001 - whatever it is: a judge that died would never say why
            return {"state": NOT_YET, "problem": ask.describe(error)}

    def judged(self) -> state.Json:
        """Look once."""
        if self.kind == "port":
            return {"state": READY if connects(int(self.target)) else NOT_YET}
        if self.kind == "http":
            return {"state": READY if ask.answers(self.target) else NOT_YET}
        if self.kind == "ray":
            return self.look_at_cluster()
        return self.look_at_server()

    def look_at_cluster(self) -> state.Json:
        """Count the hosts that have joined the Ray cluster, once there is one."""
        beats = self.spec["beats"]
        if not takes(beats["address"], int(beats["port"])):
            return {"state": NOT_YET, "joined": []}
        self.crowd = self.crowd or members.Crowd(self.spec)
        found = self.crowd.news(PAUSE)
        return dict(found, state=READY if len(found["joined"]) >= int(self.target) else NOT_YET)

    def look_at_server(self) -> state.Json:
        """Hold a server against its readiness: it is ours, says it is well, and answers."""
        port = self.spec.get("port")
        # A connection first: most looks find nobody, and the kernel's table of sockets takes it long.
        if port is not None and not (
            takes(urllib.parse.urlsplit(self.spec["url"]).hostname or "", int(port))
            and state.holds_port(int(self.rank["pid"]), int(port))
        ):
            return {"state": NOT_YET, "health": None}  # whoever answers there, it is not ours
        server = ask.of(self.spec, self.rank)
        health = server.health()
        if health != 200:
            return {"state": NOT_YET, "health": health}
        canary = ask.canary(server)
        if canary["ok"]:
            crowd = members.joined(self.spec) if self.spec.get("backend") == "ray" else {}
            return dict(crowd, state=READY, health=200, canary=canary)
        self.unanswered += 1
        self.refusals += canary["refused"]
        return {"state": NOT_YET, "health": 200, "canary": canary, "refusals": self.refusals}

    def keep(self, verdict: state.Json) -> bool:
        """Write the verdict where `status` of any machine finds it; say whether there was room."""
        try:
            state.write(os.path.join(self.folder, "ready.json"), verdict)
        except OSError:
            return False
        return True


def connects(port: int) -> bool:
    """Say whether a port of this host takes a connection, on either loopback address."""
    return takes("127.0.0.1", port) or takes("::1", port) or state.listening(port)


def takes(address: str, port: int) -> bool:
    """Say whether an address takes a connection."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), 2.0):
        return True
    return False
