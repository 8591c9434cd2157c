"""Names and ports: the first launch has the usual ones, further ones get free ports."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from tests.user import User
from tests.waiting import until

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="a network of one's own needs root")


@pytest.fixture
def network() -> Iterator[list[str]]:
    """A network in which no port is taken: what runs a program there."""
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep 600"]) as holder:
        enter = ["nsenter", "--net", f"--target={holder.pid}"]
        try:
            up = [*enter, "ip", "-brief", "link", "show", "lo"]
            until(lambda: b"LOWER_UP" in subprocess.run(up, capture_output=True, check=False).stdout)
            yield enter
        finally:
            holder.kill()


def test_further_launches_get_the_next_ports(user: User, network: list[str]) -> None:
    serve = ("--", "vllm", "serve", user.model)
    for name, port in (("vllm_node", 8000), ("b", 8001), ("c", 8002)):
        words = ("--name", name) if name != "vllm_node" else ()
        done = user.run("launch", "-d", "--json", *words, *serve, before=network)
        assert done.status == 0, done
        assert (done.json["name"], done.json["port"]) == (name, port)
        assert done.json["url"] == f"http://127.0.0.1:{port}"

        def answers(name: str = name) -> bool:
            rows = user.run("status", "--json", before=network).json["launches"]
            return any((row["name"], row["health"]) == (name, 200) for row in rows)

        until(answers, f"{name} answers at its port")
    assert user.run("stop", "--all", before=network).status == 0
    user.nothing_is_left()


@pytest.mark.e2e
def test_a_port_that_was_asked_for_is_not_exchanged(user: User, network: list[str]) -> None:
    serve = ("--", "vllm", "serve", user.model, "--port", "8000")
    assert user.run("launch", "-d", *serve, before=network).status == 0
    done = user.run("launch", "--name", "b", *serve, before=network)
    assert done.status == 5
    assert "port 8000 is held by the launch vllm_node" in done.err


@pytest.mark.e2e
def test_a_name_is_taken_while_its_launch_lives(user: User) -> None:
    words = ("launch", "-d", "--ready", "none", "--", "sleep", "600")
    assert user.run(*words).status == 0
    done = user.run(*words)
    assert done.status == 5
    assert "vllm_node is already the name of a launch: sleep 600 " in done.err
    assert "choose another with --name, or: sparkup stop vllm_node" in done.err
    assert user.run("launch", "--name", "b", *words[1:]).status == 0
    assert user.run("stop", "--all").status == 0
    assert user.run(*words).status == 0
