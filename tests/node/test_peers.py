"""Ranks look after each other over a network: here the loopback, on which each has an address of its own."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence

import pytest
from tests.ports import free_udp_port
from tests.waiting import until

from sparkup.node.peers import Peers

KEY = "6d1f"


Ranks = Callable[..., list[Peers]]


@pytest.fixture
def ranks() -> Iterator[Ranks]:
    """Make the ranks of a launch on so many hosts; they hear no more when the test ends."""
    made: list[Peers] = []

    def make(count: int, port: int, silent: float = 15.0, key: str = KEY) -> list[Peers]:
        addresses = [f"127.0.0.{rank + 1}" for rank in range(count)]
        found = [of(rank, addresses, port, silent, key) for rank in range(count)]
        made.extend(found)
        return found

    yield make
    for each in made:
        each.close()


def of(rank: int, addresses: Sequence[str], port: int, silent: float = 15.0, key: str = KEY) -> Peers:
    peers = [
        {"rank": other, "host": f"spark{other + 1}", "address": address}
        for other, address in enumerate(addresses)
        if other != rank
    ]
    beats = {"port": port, "address": addresses[rank], "peers": peers, "silent": silent}
    return Peers({"attempt": "a1", "rank": rank, "beats": beats}, key)


def know_each_other(found: Sequence[Peers]) -> bool:
    for each in found:
        each.look()
    return all(each["silent"] is not None for one in found for each in one.heard())


def test_all_hear_of_all_and_of_the_end_of_one(ranks: Ranks) -> None:
    found = ranks(3, free_udp_port())
    for each in found:
        each.begin()
    until(lambda: know_each_other(found), "all have heard of all", 10)
    assert [each.over() for each in found] == ["", "", ""]
    found[1].ended(137)
    know_each_other(found)
    assert found[0].over() == "rank 1 on spark2 has ended (exit status 137)"


def test_who_is_sent_nothing_says_so_after_a_while(ranks: Ranks) -> None:
    """As behind a firewall that drops what comes: the other one hears, as what it sends goes out."""
    deaf, other = ranks(2, free_udp_port(), silent=0.5)
    deaf.begin()
    assert deaf.deaf() == ""
    until(lambda: deaf.look() or deaf.deaf(), "it has waited long enough", 5)
    told = f"no beat has come to 127.0.0.1 port {deaf.port} of UDP: does a firewall drop them?"
    assert (deaf.deaf(), deaf.over()) == (told, "")
    other.begin()
    until(lambda: know_each_other([deaf, other]), "they hear each other", 5)
    assert (deaf.deaf(), other.deaf()) == ("", "")


def test_a_ready_head_keeps_the_launch(ranks: Ranks) -> None:
    found = ranks(2, free_udp_port())
    for each in found:
        each.begin()
    assert not found[1].kept()
    found[0].ready()
    until(lambda: know_each_other(found) and found[1].kept(), "the worker knows", 5)
    assert not found[0].kept()


def test_who_falls_silent_is_lost_and_who_was_never_heard_is_not(ranks: Ranks) -> None:
    head, worker, _ = ranks(3, free_udp_port(), silent=0.3)
    head.begin()
    worker.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    worker.beat()
    worker.socket.close()

    def missed() -> bool:
        head.look()
        return "rank 1 on spark2 has not been heard of for" in head.over()

    until(missed, "it is missed", 5)
    assert [each["silent"] is None for each in head.heard()] == [False, True]


@pytest.mark.parametrize(
    "words",
    [
        ["other", 1, 9, "ended", 0],
        ["a1", 7, 9, "ended", 0],
        ["a1", 1, -5, "ended", 0],
    ],
)
def test_what_is_not_for_us_or_not_new_counts_for_nothing(ranks: Ranks, words: list[object]) -> None:
    head = ranks(2, 1)[0]
    text = json.dumps(words).encode()
    head.hear(head.sign(text) + text)
    assert head.over() == ""


def test_nobody_without_the_key_ends_a_launch(ranks: Ranks) -> None:
    head, forger = ranks(2, 1)[0], ranks(2, 1, key="other")[1]
    text = json.dumps(["a1", 1, 9, "ended", 0]).encode()
    head.hear(forger.sign(text) + text)
    head.hear(b"")
    head.hear(text)
    assert head.over() == ""


def test_a_beat_that_comes_again_is_not_taken_twice(ranks: Ranks) -> None:
    head = ranks(2, 1)[0]
    old, new = (json.dumps(["a1", 1, count, state, None]).encode() for count, state in ((1, "x"), (2, "y")))
    for text in (new, old):
        head.hear(head.sign(text) + text)
    assert head.heard()[0]["state"] == "y"


def test_a_port_that_is_taken_is_said_and_judges_nobody(ranks: Ranks) -> None:
    port = free_udp_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", port))
        head = ranks(2, port, silent=0.0)[0]
        head.begin()
        head.ended(0)
        assert head.problem == f"no beats at 127.0.0.1 port {port}: Address already in use"
        assert head.over() == ""


def test_without_a_key_nobody_is_heard(ranks: Ranks) -> None:
    """Anybody could sign with none."""
    head = ranks(2, free_udp_port(), key="")[0]
    head.begin()
    head.look()
    assert (head.socket, head.problem) == (None, "no key")
    head.ended(0)
    assert head.over() == ""


def test_a_single_rank_has_no_peers() -> None:
    alone = Peers({"attempt": "a1", "rank": 0}, "")
    alone.begin()
    alone.ended(0)
    assert (alone.over(), alone.kept(), alone.heard()) == ("", False, [])
    assert alone.socket is None


def test_over_the_newer_protocol() -> None:
    one = of(0, ["::1", "::1"], free_udp_port("::1"))
    one.begin()
    assert one.problem == ""
    one.close()
