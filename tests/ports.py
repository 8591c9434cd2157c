"""Ports for tests that nobody has."""

import socket


def free_udp_port(address: str = "127.0.0.1") -> int:
    """Return one that nobody has at an address, a moment ago."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as found:
        found.bind((address, 0))
        port: int = found.getsockname()[1]
        return port
