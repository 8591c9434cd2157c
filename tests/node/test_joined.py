"""Who has joined a Ray cluster is asked again and again, here of the stand-in for Ray."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.stand_in_ray.ray.gcs import Server, joined
from tests.node.side import Json
from tests.user import FAKES, free_port
from tests.waiting import LONG

STAND_IN = FAKES.parent / "stand_in_ray"
Asking = subprocess.Popen[str]


@pytest.fixture
def head() -> Iterator[Server]:
    """The head of a cluster."""
    with Server("127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield server
        server.shutdown()


@contextmanager
def asking_at(port: int, program: Path) -> Iterator[Asking]:
    """Let somebody ask; a Python that is as new as the stand-in needs it."""
    words = [sys.executable, str(program), "joined", f"127.0.0.1:{port}"]
    pipe, env = subprocess.PIPE, {"PYTHONPATH": str(STAND_IN)}
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def asking(head: Server, program_file: Path) -> Iterator[Asking]:
    """Somebody who asks it."""
    with asking_at(head.server_address[1], program_file) as process:
        yield process


@contextmanager
def member(address: str, node: Json) -> Iterator[None]:
    """Be in the cluster."""
    client = joined(address, node)
    with client.socket, client.answers:
        yield


def next_of(asking: Asking) -> Json:
    assert asking.stdout is not None
    told: Json = json.loads(asking.stdout.readline())
    return told


def changed(asking: Asking, before: Json) -> Json:
    """Return the next that is another: the same is told now and then."""
    return next(told for told in iter(lambda: next_of(asking), None) if told != before)


def test_whoever_joins_and_whoever_leaves_is_told(head: Server, asking: Asking) -> None:
    none = next_of(asking)
    assert none == {"nodes": []}
    address = f"127.0.0.1:{head.server_address[1]}"
    spark1, spark2 = ({"address": f"10.0.0.{number}", "gpus": 1} for number in (1, 2))
    with member(address, spark2):
        one = changed(asking, none)
        assert one == {"nodes": [spark2]}
        with member(address, spark1):
            both = changed(asking, one)
            assert both == {"nodes": [spark1, spark2]}
        assert changed(asking, both) == one


def test_the_same_is_told_again_as_a_sign_of_life(asking: Asking) -> None:
    assert next_of(asking) == next_of(asking)


def test_it_ends_with_who_wants_to_know(asking: Asking) -> None:
    assert next_of(asking) == {"nodes": []}
    assert asking.stdin is not None
    asking.stdin.close()
    assert asking.wait(LONG) == 0


def test_a_head_that_is_not_there_is_a_problem(program_file: Path) -> None:
    with asking_at(free_port(), program_file) as process:
        assert "refused" in next_of(process)["problem"]
