"""A firewall that drops UDP between two hosts: a launch does without beats and says so, or ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.e2e.pairs import NODES, SERVE, Pair
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("pair", ["simhosts"], indirect=True)]
RULE = ("INPUT", "-p", "udp", "-j", "DROP")
DEAF = "rank 1 on spark2 hears no other rank: no beat has come to 192.168.177.12 port 29501 of UDP"
SILENT = 15 + 5  # seconds until a rank is missed, and to end


@contextmanager
def dropping(there: Pair, number: int) -> Iterator[None]:
    """Have a host drop all UDP that comes to it."""
    done = there.hosts.exec(number, ["iptables", "-I", *RULE], check=False)
    if done.returncode:
        pytest.skip(f"there is no firewall in a simulated host: {done.stderr}")
    try:
        yield
    finally:
        there.hosts.exec(number, ["iptables", "-D", *RULE])


def noted(pair: Pair) -> list[str]:
    """Return what status notes of the launch, which is ready."""
    (whole,) = pair.user.json("status", *NODES)["wholes"]
    assert whole["phase"] == "ready"
    notes: list[str] = whole["notes"]
    return notes


@pytest.mark.parametrize("seconds", [2, 20])
def test_udp_that_is_dropped_from_the_beginning(pair: Pair, seconds: int) -> None:
    """The cables are tried by TCP, and ranks meet by it: all works but that nobody is missed.

    It is said as it becomes ready, however soon that is.
    """
    for number in (1, 2):
        pair.fault(number, f"slow:{seconds}")
    with dropping(pair, 2):
        done = pair.user.run("launch", "--no-follow", *NODES, "--", *SERVE)
        assert done.status == 0, done
        assert f"warning: {DEAF}: does a firewall drop them?" in done.err
        until(lambda: [each[: len(DEAF)] for each in noted(pair)] == [DEAF], "status says it too", SILENT)
    until(lambda: not noted(pair), "beats come again", 10)


def test_udp_that_is_dropped_while_it_serves(pair: Pair) -> None:
    """That cannot be told from a host that is lost."""
    with pair.user.running("launch", *NODES, "--", *SERVE) as command:
        command.expect("its log:")
        with dropping(pair, 2):
            done = command.done(SILENT + 10)
    assert done.status == 1
    assert "vllm_node rank 1 was ended: rank 0 on spark1 has not been heard of for 15 s" in done.err
    assert "a firewall that begins to drop UDP does the same" in done.err
    pair.nothing_is_left()
