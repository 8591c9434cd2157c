"""How a server on the loopback of another machine is reached from this one."""

import re

from sparkup.domain.host import Host

LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|\[::1\]):(\d+)")


def tunnel(url: str, host: Host) -> str:
    """Return the command that opens a way from here to a server on a host, "" where none is needed."""
    found = LOOPBACK.match(url)
    if host.is_local or not found:
        return ""
    loopback, port = found.groups()
    return f"ssh -N -L {port}:{loopback}:{port} {' '.join(host.target)}"
