"""Wait until an address takes a connection: what a rank runs before its own command."""

from __future__ import annotations

import socket
import sys
import time

PATIENCE = 300.0  # seconds: a host may have to load an image's Python from a cold disk
PAUSE = 0.1


def main(where: str) -> int:
    """Return 0 when ADDRESS:PORT takes a connection, 1 when that does not happen in time."""
    address, _, port = where.rpartition(":")
    sys.stdout.write("waiting for %s\n" % where)
    sys.stdout.flush()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address, int(port)), 2.0).close()
        except OSError:
            time.sleep(PAUSE)
        else:
            return 0
    sys.stdout.write("%s takes no connection after %.0f s\n" % (where, PATIENCE))
    return 1
