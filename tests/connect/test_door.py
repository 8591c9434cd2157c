"""Which connection leads to which host."""

from sparkup.connect.door import connect
from sparkup.connect.local import Local
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.host import parse_host


def test_this_machine_is_reached_directly_and_others_over_ssh() -> None:
    here, there = connect(parse_host("localhost")), connect(parse_host("me@spark1"))
    assert isinstance(here, Local)
    assert isinstance(there, OpenSSH)
    assert there.host.address == "me@spark1"
