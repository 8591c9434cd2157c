"""Whether there is a way to another host: here from one address of the loopback to another."""

import json
import socket
import subprocess

import pytest
from tests.node.side import Json

from sparkup.run.gather import LOADER
from sparkup.run.program import gatherer

OWN, OTHER = "127.0.0.1", "127.0.0.2"


def reached(python: str, *ways: tuple[str, str, str], port: int) -> list[bool]:
    """Return what the program answers."""
    program = gatherer()
    body: Json = {"kind": "reach", "ways": ways, "port": port, "timeout": 0.5}
    given = program + json.dumps({"requests": {"reach": body}}).encode()
    argv = [python, "-I", "-c", LOADER, str(len(program))]
    done = subprocess.run(argv, input=given, check=True, capture_output=True)
    found: list[bool] = json.loads(done.stdout)["answers"]["reach"]["reach"]
    return found


def test_a_port_that_refuses_is_proof_and_a_server_is_left_alone(python: str) -> None:
    with socket.create_server((OTHER, 0)) as server:
        server.settimeout(0.2)
        assert reached(python, ("lo", OWN, OTHER), port=server.getsockname()[1]) == [True]
        with pytest.raises(TimeoutError):
            server.accept()


def test_many_ways_are_answered_in_their_order(python: str) -> None:
    good, bad = ("lo", OWN, OTHER), ("lo", "192.0.2.7", OTHER)  # not an address of ours
    ways = [good, bad] * 40
    assert reached(python, *ways, port=1) == [True, False] * 40
