"""What this machine calls itself: its names, and the addresses that are its own."""

import getpass
import socket
from pathlib import Path

from sparkup.config.addresses import literal
from sparkup.config.nodes import Here


def here() -> Here:
    """Return this machine and the user on it."""
    return Here(_user, owns)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user whom no table knows
        return ""


def owns(text: str) -> bool:
    """Say whether a name or an address, without a user, is this machine's own. Asks nobody else.

    Loopback addresses other than those which everybody calls local are taken for tunnels.
    """
    address = literal(text)
    if address is None:
        name = socket.gethostname().lower()
        short = name.partition(".")[0]
        return text.rstrip(".").lower() in {name, short, f"{short}.local"}
    return not address.is_loopback and _can_bind(str(address), address.version)


def _can_bind(address: str, version: int) -> bool:
    """Say whether a socket can have an address, which only one's own can be, unless all may be."""
    if _all_may(version):
        return False
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as ours:
            ours.bind((address, 0))
    except OSError:
        return False
    return True


def _all_may(version: int) -> bool:
    setting = Path(f"/proc/sys/net/ipv{version}/ip_nonlocal_bind")
    try:
        return setting.read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False
