"""A way for simulated hosts to what this machine reaches: an HTTP proxy that listens on their network.

Any number of testbeds can have one, and builds there have to take the proxy variables of the host's login.
"""

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.simhosts.hosts import Testbed

ADDRESS, PORT = "192.168.176.1", 3128  # of the control workstation, on the hosts' RJ45 ports
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
PROXY = f"http://{ADDRESS}:{PORT}"


@contextmanager
def way_out(bed: Testbed, number: int, direct: str) -> Iterator[None]:
    """Give a host the proxy for the time of a `with`, in what its logins have; `direct` needs none."""
    listener = _listening(bed)
    threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    lines = [f"export {name}={PROXY}" for name in names]
    lines += [f"export {name}={direct}" for name in ("no_proxy", "NO_PROXY")]
    bed.exec(number, ["tee", "/root/.bashrc"], stdin="\n".join(lines) + "\n")
    try:
        yield
    finally:
        listener.close()


def _listening(bed: Testbed) -> socket.socket:
    """Return a socket of the hosts' network, for this process, which stays in the machine's own."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{bed.name}-0").open() as theirs, Path("/proc/self/ns/net").open() as ours:
        if libc.setns(theirs.fileno(), NEW_NETWORK):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        try:
            return socket.create_server((ADDRESS, PORT))
        finally:
            libc.setns(ours.fileno(), NEW_NETWORK)


def _serve(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed
        while True:
            threading.Thread(target=_answer, args=(listener.accept()[0],), daemon=True).start()


def _answer(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError, ValueError):
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return
            head += data
        verb, target, rest = head.split(b" ", 2)
        if verb == b"CONNECT":
            name, _, port = target.decode().rpartition(":")
            first = b""
        else:
            url = urlsplit(target.decode())
            name, port = url.hostname or "", str(url.port or 80)
            path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
            # One request a connection: the next may be for another server.
            lines = [
                line
                for line in rest.split(b"\r\n")
                if not line.lower().startswith((b"proxy-", b"connection:"))
            ]
            lines.insert(1, b"Connection: close")
            first = verb + b" " + path.encode() + b" " + b"\r\n".join(lines)
        with socket.create_connection((name, int(port)), timeout=60) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n") if verb == b"CONNECT" else server.sendall(first)
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
