"""The ranks of a launch look after each other: each tells the others that it lives, and hears when one ends.

A datagram a second to each peer, between the addresses that the ranks have on the control network.
Who does not know the attempt's key can neither end a launch nor keep one alive: each is signed, and
counts on, so that none is taken twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import socket
import time
from typing import Any

from . import state

EVERY = 1.0  # seconds between two beats
AT_FIRST, FOR = 0.1, 10.0  # the same until all have been heard, and for how many seconds at most
SILENT = 15.0  # seconds after which a peer that was heard once is taken for lost
SIGNATURE = 32  # bytes of SHA-256
FAREWELLS = 3  # datagrams may be lost
KEY = "SPARKUP_BEAT_KEY"  # the variable that brings the key; no rank's command gets it


class Peer:
    """What is known of another rank."""

    def __init__(self, told: state.Json) -> None:
        self.rank, self.host, self.address = int(told["rank"]), str(told["host"]), str(told["address"])
        self.count, self.heard, self.state = -1, 0.0, ""
        self.status: Any = None


class Peers:
    """The other ranks of a launch. Without any, all of it does nothing."""

    def __init__(self, spec: state.Json, key: str) -> None:
        beats = spec.get("beats") or {}
        self.attempt, self.rank, self.key = str(spec["attempt"]), int(spec["rank"]), key.encode()
        self.peers = {each.rank: each for each in map(Peer, beats.get("peers", ()))}
        self.port, self.address = int(beats.get("port", 0)), str(beats.get("address", ""))
        self.silent = float(beats.get("silent", SILENT))
        self.state, self.count = "running", 0
        self.status: Any = None
        self.begun = self.listened = time.monotonic()
        self.next = 0.0  # when to beat
        self.socket: Any = None
        self.problem = ""  # what keeps us from listening; then nothing is judged

    def begin(self) -> None:
        """Listen for the others."""
        if not self.peers:
            return
        if not self.key:  # anybody could sign
            self.problem = "no key"
            return
        found = socket.socket(family(self.address), socket.SOCK_DGRAM)
        found.settimeout(0.0)
        try:
            found.bind((self.address, self.port))
        except OSError as error:
            found.close()
            self.problem = "no beats at %s port %d: %s" % (self.address, self.port, error.strerror)
            return
        self.socket = found

    def look(self) -> bool:
        """Hear what has come, and beat if it is time (`pause`); say whether a peer's state has changed."""
        if self.socket is None:
            return False
        before = [each.state for each in self.peers.values()]
        with contextlib.suppress(OSError):  # nothing more is there
            while True:
                self.hear(self.socket.recv(2048))
        self.listened = time.monotonic()
        if time.monotonic() >= self.next:
            waiting = any(each.count < 0 for each in self.peers.values())
            early = time.monotonic() < self.begun + FOR
            self.next = time.monotonic() + (AT_FIRST if waiting and early else EVERY)
            self.beat()
        return before != [each.state for each in self.peers.values()]

    def pause(self) -> float:
        """Return in how many seconds the next beat is due."""
        return max(0.0, self.next - time.monotonic())

    def beat(self) -> None:
        """Tell all others how we are."""
        self.count += 1
        text = json.dumps([self.attempt, self.rank, self.count, self.state, self.status]).encode()
        for peer in self.peers.values():
            with contextlib.suppress(OSError):  # no route now may be one in a second
                self.socket.sendto(self.sign(text) + text, (peer.address, self.port))

    def sign(self, text: bytes) -> bytes:
        """Return the signature of a beat."""
        return hmac.new(self.key, text, hashlib.sha256).digest()

    def hear(self, data: bytes) -> None:
        """Take a beat; one that is not signed, of another attempt or not newer counts for nothing."""
        signature, text = data[:SIGNATURE], data[SIGNATURE:]
        if not hmac.compare_digest(signature, self.sign(text)):
            return
        attempt, rank, count, state, status = json.loads(text.decode())
        peer = self.peers.get(rank)
        if peer is None or attempt != self.attempt or count <= peer.count:
            return
        peer.count, peer.heard, peer.state, peer.status = count, time.monotonic(), state, status

    def over(self) -> str:
        """Say why the launch is over for all of us, "" while it is not.

        Silence counts up to when we last listened: while we stood still ourselves, nobody was silent.
        """
        for peer in self.peers.values():
            where = "rank %d on %s" % (peer.rank, peer.host)
            if peer.state == "ended":
                return "%s has ended (exit status %s)" % (where, peer.status)
            silent = self.listened - peer.heard
            if peer.count >= 0 and silent > self.silent:
                return "%s has not been heard of for %.0f s" % (where, silent)
        return ""

    def kept(self) -> bool:
        """Say whether the head is ready: then the launch needs no launcher any more."""
        head = self.peers.get(0)
        return head is not None and head.state == "ready"

    def ready(self) -> None:
        """Tell the others from now on that we are."""
        self.state = "ready"

    def ended(self, status: int) -> None:
        """Tell the others that we have ended."""
        self.state, self.status = "ended", status
        for _ in range(FAREWELLS if self.socket is not None else 0):
            self.beat()
            time.sleep(0.02)

    def close(self) -> None:
        """Listen no more."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def deaf(self) -> str:
        """Say why we hear nobody, "" if we do or may yet: a firewall drops datagrams and tells nobody."""
        waiting = time.monotonic() < self.begun + self.silent
        if self.problem or waiting or any(each.count >= 0 for each in self.peers.values()):
            return self.problem
        return unheard(self.address, self.port)

    def heard(self) -> list[state.Json]:
        """Return what is known of each, for those who look.

        `silent`: seconds since it was heard, `heard`: when that was by our clock; None for never.
        """
        now, clock = time.monotonic(), time.time()
        return [
            {
                "rank": each.rank,
                "host": each.host,
                "silent": round(now - each.heard, 1) if each.count >= 0 else None,
                "heard": round(clock - (now - each.heard), 1) if each.count >= 0 else None,
                "state": each.state,
            }
            for each in self.peers.values()
        ]


def unheard(address: str, port: int) -> str:
    """Say that nothing comes in."""
    return "no beat has come to %s port %d of UDP: does a firewall drop them?" % (address, port)


def family(address: str) -> socket.AddressFamily:
    """Return the family of a numeric address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET
