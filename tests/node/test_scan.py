"""Who takes connections in a network: all addresses are asked at once, and silence costs its time once."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from tests.node.test_gather import ask

HERE = [["lo", "127.0.0.1", "127.0.0.0/28"]]


@pytest.fixture
def port() -> Iterator[int]:
    """A port that 127.0.0.2 and 127.0.0.9 listen on."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(socket.create_server(("127.0.0.2", 0)))
        number: int = first.getsockname()[1]
        stack.enter_context(socket.create_server(("127.0.0.9", number)))
        yield number


def test_those_who_answer_are_found(python: str, port: int) -> None:
    told = ask(python, "scan", nets=HERE, port=port)["scan"]
    assert sorted(told) == [["lo", "127.0.0.2"], ["lo", "127.0.0.9"]]


def test_more_than_are_tried_at_once(python: str, port: int) -> None:
    nets = [["lo", "127.0.0.1", "127.0.0.0/22"]]
    told = ask(python, "scan", nets=nets, port=port)["scan"]
    assert sorted(told) == [["lo", "127.0.0.2"], ["lo", "127.0.0.9"]]


def test_own_addresses_are_not_asked(python: str, port: int) -> None:
    nets = [["lo", "127.0.0.2", "127.0.0.0/28"]]
    assert ask(python, "scan", nets=nets, port=port)["scan"] == [["lo", "127.0.0.9"]]


def test_an_address_that_is_not_ours_finds_nobody(python: str, port: int) -> None:
    nets = [["lo", "192.0.2.1", "127.0.0.0/28"]]
    assert ask(python, "scan", nets=nets, port=port)["scan"] == []


def test_silence_costs_its_time_once(python: str) -> None:
    """Nobody takes from these queues, so that they are full and further ones are not answered."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        begun = time.monotonic()
        port = full.getsockname()[1]
        told = ask(python, "scan", nets=HERE, port=port, timeout=0.5)
        assert told == {"scan": []}
        assert 0.4 < time.monotonic() - begun < 20
