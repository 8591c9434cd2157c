"""What this machine calls itself."""

import getpass
import socket

import pytest

from sparkup.config.here import here, owns
from sparkup.domain.inventory import KnownHost

NAME = socket.gethostname()


def own_address() -> str:
    """Return an address of this machine that is no loopback; skips where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no network")
        address: str = asked.getsockname()[0]
        return address


def test_the_user() -> None:
    assert here().user() == getpass.getuser()


@pytest.mark.parametrize("text", [NAME, NAME.upper(), f"{NAME}.", f"{NAME.partition('.')[0]}.local"])
def test_its_names(text: str) -> None:
    assert owns(text)


def test_its_addresses() -> None:
    assert owns(own_address())
    assert here().is_here(f"somebody@{own_address()}")


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "spark-of-others", f"x{NAME}", "127.0.0.2", ""])
def test_what_is_not_its_own(text: str) -> None:
    assert not owns(text)


def test_what_everybody_calls_local() -> None:
    assert here().is_here("localhost")
    assert here().host(KnownHost("x", "127.0.0.1")).is_local
