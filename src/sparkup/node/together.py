"""What a supervisor has to do with others: the ranks on other hosts, and whoever starts the launch."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from . import state
from .beating import Beating
from .lease import Lease
from .peers import Peers


class Together:
    """The peers and the lease of one rank. Of a launch with one rank all of it does nothing."""

    def __init__(self, folder: str, spec: state.Json, key: str) -> None:
        self.folder = folder
        self.peers = Peers(spec, key)
        self.lease = Lease(folder, float(spec.get("lease") or 0.0), float(spec.get("lease_first") or 0.0))
        self.written: Any = None
        self.peers.begin()
        self.beating = Beating(self.peers)
        self.beating.begin()

    def files(self) -> list[Any]:
        """Return what can be read when something was heard."""
        return self.beating.files()

    def heed(self) -> None:
        """Take note that something was heard."""
        self.beating.heed()

    def ended(self, status: int) -> None:
        """Tell the others that the rank has ended."""
        self.beating.end()
        self.peers.ended(status)
        self.peers.close()

    def look(self) -> str:
        """Tell the others how we are and see how they are; say why the launch is over, "" if it is not."""
        if not self.peers.peers:
            return ""
        ready = self.peers.state == "running" and os.path.exists(os.path.join(self.folder, "ready.json"))
        with self.beating.lock:
            if ready:
                self.peers.ready()
                self.beating.soon()
            if self.peers.kept() or self.peers.state == "ready":
                self.lease.seconds = 0.0
            heard, over, deaf = self.peers.heard(), self.peers.over(), self.peers.deaf()
        self.write(heard, deaf)
        return over or self.lease.over()

    def write(self, heard: list[state.Json], deaf: str) -> None:
        """Keep for those who look what is known of the others, when it has changed."""
        rough = [deaf, *((each["state"], each["silent"] is None or each["silent"] > 5) for each in heard)]
        if rough != self.written:
            self.written = rough
            with contextlib.suppress(OSError):
                told = {"peers": heard, "problem": deaf}
                state.write(os.path.join(self.folder, "peers.json"), told)
