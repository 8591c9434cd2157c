"""Which connection leads to a host."""

from sparkup.connect.base import Connection
from sparkup.connect.local import Local
from sparkup.connect.master import DEFAULTS, Options
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.host import Host


def connect(host: Host, options: Options = DEFAULTS) -> Connection:
    """Return the connection to a host, not yet opened (`async with`)."""
    return Local(host) if host.is_local else OpenSSH(host, options)
