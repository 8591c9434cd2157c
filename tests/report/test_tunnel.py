"""The command that opens a way to a server on another machine's loopback."""

import pytest

from sparkup.domain.host import LOCAL, Host
from sparkup.report.tunnel import tunnel


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("http://127.0.0.1:8000", "ssh -N -L 8000:127.0.0.1:8000 me@spark2"),
        ("https://[::1]:8443", "ssh -N -L 8443:[::1]:8443 me@spark2"),
        ("http://spark2:8000", ""),
        ("", ""),
    ],
)
def test_a_remote_loopback_is_reached_by_a_tunnel(url: str, way: str) -> None:
    assert tunnel(url, Host("spark2", "me@spark2")) == way
    assert tunnel(url, LOCAL) == ""
    assert tunnel(url, Host("spark2", "me@spark2", "spark1")) == way.replace(" me@", " -J spark1 me@")
