"""A server behind a published port: where it listens inside, where its host finds it."""

import json
from dataclasses import replace

import pytest
from tests.planning.hosts import request, running, seen
from tests.planning.test_containers import decided, refusal

from sparkup.commands.vllm import parse_serve
from sparkup.domain.container import ContainerRequest, Port
from sparkup.domain.launch import Launch, LaunchRequest, Readiness
from sparkup.domain.plan import Run
from sparkup.errors import Problem
from sparkup.facts.listeners import Listener
from sparkup.planning.launch import start_plan
from sparkup.planning.published import publish
from sparkup.planning.serving import Serving

SERVE = ("vllm", "serve", "m")


def published(*ports: Port, words: tuple[str, ...] = (), config: str = "") -> Serving | Problem:
    argv = (*SERVE, *words)
    serve = parse_serve(argv)
    assert serve is not None
    return publish(argv, serve, config, ports)


def test_it_listens_on_all_addresses_inside_and_is_found_where_the_host_publishes_it() -> None:
    assert published(Port(9000, 8000)) == Serving(
        (*SERVE, "--host", "0.0.0.0"), 9000, "127.0.0.1", "127.0.0.1", inside=8000
    )


@pytest.mark.parametrize(
    ("ports", "inside", "outside"),
    [
        ((Port(9000, 8000), Port(9090, 9090)), 8000, 9000),
        ((Port(9090, 9090), Port(9000, 8000)), 8000, 9000),
        ((Port(9090, 9090), Port(9000, 9001)), 9090, 9090),
        ((Port(1, 8000, protocol="udp"), Port(9000, 9001)), 9001, 9000),
        ((Port(9000, 8000), Port(9001, 8000)), 8000, 9000),
    ],
)
def test_which_of_several_ports_it_takes(ports: tuple[Port, ...], inside: int, outside: int) -> None:
    found = published(*ports)
    assert isinstance(found, Serving)
    assert (found.inside, found.port) == (inside, outside)
    assert found.argv[5:] == (() if inside == 8000 else ("--port", str(inside)))


@pytest.mark.parametrize("words", [("--port", "9001"), ("--port=9001",)])
def test_a_port_that_the_command_says_stays(words: tuple[str, ...]) -> None:
    found = published(Port(9000, 8000), Port(9002, 9001), words=words)
    assert isinstance(found, Serving)
    assert (found.argv, found.port) == ((*SERVE, *words, "--host", "0.0.0.0"), 9002)
    said = published(Port(9002, 9001), config="port: 9001\nhost: 0.0.0.0\n")
    assert said == Serving(SERVE, 9002, "127.0.0.1", "127.0.0.1", inside=9001)


@pytest.mark.parametrize(
    ("address", "api_host"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("::1", "::1"), ("10.0.0.1", "10.0.0.1")],
)
def test_who_may_reach_it_is_said_by_the_port(address: str, api_host: str) -> None:
    found = published(Port(9000, 8000, address))
    assert isinstance(found, Serving)
    assert (found.api_host, found.bound) == (api_host, address)


@pytest.mark.parametrize(
    ("ports", "words", "message"),
    [
        (
            (Port(9000, 8000),),
            ("--port", "9001"),
            "port 9001, where the server listens, is not published",
        ),
        ((Port(1, 2, protocol="udp"),), (), "port 8000, where the server listens, is not published"),
        (
            (Port(1, 8000),),
            ("--host", "127.0.0.1"),
            "a server on 127.0.0.1 of the container is not reached through -p",
        ),
        ((Port(1, 8000),), ("--port", "x"), "--port x is no port"),
    ],
)
def test_what_could_not_be_reached(ports: tuple[Port, ...], words: tuple[str, ...], message: str) -> None:
    found = published(*ports, words=words)
    assert isinstance(found, Problem)
    assert (found.code, found.message) == ("bad-option", message)
    assert found.hint


def with_ports(*argv: str, readiness: Readiness | None = None) -> LaunchRequest:
    ports = (Port(9000, 8000, "0.0.0.0"), Port(9090, 9091))
    return request(*argv, container=ContainerRequest(ports=ports), readiness=readiness)


def spec(launch: Launch) -> dict[str, object]:
    (start,) = (
        step for step in start_plan(launch, {"local": seen()}, "n.pyz", b"").steps if isinstance(step, Run)
    )
    found: dict[str, object] = json.loads(start.command.stdin)
    return found


def test_the_rank_is_told_both_places() -> None:
    launch = decided(with_ports()).launch
    assert (launch.url, launch.url_from("ada@spark1")) == ("http://127.0.0.1:9000", "http://spark1:9000")
    told = spec(launch)
    assert (told["port"], told["url"]) == (9000, "http://127.0.0.1:9000")
    assert told["within"] == {"port": 8000, "url": "http://127.0.0.1:8000"}
    assert spec(replace(launch, tls=True))["within"] == {"port": 8000, "url": "https://127.0.0.1:8000"}


def test_on_the_hosts_network_there_is_one_place() -> None:
    launch = decided().launch
    assert launch.argv[-2:] == ("--host", "127.0.0.1")
    assert "within" not in spec(launch)


def test_a_refusal_names_the_host() -> None:
    assert refusal(with_ports(*SERVE, "--port", "7")).where == "local"


@pytest.mark.parametrize("port", [9000, 9090])
def test_each_port_of_the_host_must_be_free(port: int) -> None:
    problem = refusal(with_ports(), listeners_=[Listener(port, inode=7)])
    assert (problem.code, problem.hint[:26]) == ("port-taken", "publish another with -p, o")
    assert refusal(with_ports(), launches_=[running("b", port)]).code == "port-taken"


def test_a_port_inside_is_nobodys_on_the_host() -> None:
    assert decided(with_ports(), listeners_=[Listener(8000, inode=7)]).launch.port == 9000


@pytest.mark.parametrize(("port", "outside"), [("8000", 9000), ("9091", 9090), ("7000", None)])
def test_another_command_is_waited_for_at_its_port_inside(port: str, outside: int | None) -> None:
    launch = decided(with_ports("serve.sh", readiness=Readiness("port", port))).launch
    assert (launch.port, launch.readiness.target) == (outside, port)
