"""What each rank of a launch on several hosts is started from."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from sparkup.commands.vllm import parse_serve
from sparkup.domain.backend import Backend
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fabric import Control, Fabric
from sparkup.domain.launch import BEAT_KEY, Engine, Launch, Node, Readiness
from sparkup.planning.ranks import LEASE, Meeting, free_port, together, with_key, without_us

HOSTS = ("spark1", "spark2", "spark3")
ADDRESSES = ("192.168.177.11", "192.168.177.12", "192.168.177.13")
NOTHING = Environment()
COMMAND = ("vllm", "serve", "m", "-tp", "3")
FABRIC = Fabric(
    "none",
    dict.fromkeys(HOSTS, ()),
    control={
        host: Control("enp1s0f1np1", IPv4Address(address))
        for host, address in zip(HOSTS, ADDRESSES, strict=True)
    },
)


def launched(backend: Backend, argv: Sequence[str] = COMMAND, environment: Environment = NOTHING) -> Launch:
    draft = Launch(
        name="mine",
        attempt="a1",
        engine=Engine.HOST,
        nodes=(),
        argv=tuple(argv),
        environment=environment,
        readiness=Readiness("server"),
        port=8000,
    )
    drafts = [replace(draft, python_environment=f"/envs/{host}") for host in HOSTS]
    nodes = [Node(host, rank, 1000) for rank, host in enumerate(HOSTS)]
    return together(drafts, nodes, parse_serve(argv), Meeting(backend, 29501, ADDRESSES, (1, 1, 2)), FABRIC)


def test_native_ranks_differ_in_their_number_alone() -> None:
    launch = launched(Backend.MP)
    specs = [launch.spec(node) for node in launch.nodes]
    common = ("--distributed-executor-backend", "mp", "--nnodes", "3", "--node-rank")
    meeting = ("--master-addr", ADDRESSES[0], "--master-port", "29501")
    assert specs[0]["argv"] == [*COMMAND, *common, "0", *meeting]
    assert specs[1]["argv"] == [*COMMAND, *common, "1", *meeting, "--headless"]
    assert specs[2]["argv"][-1] == "--headless"
    assert [spec["bin"] for spec in specs] == [f"/envs/{host}/bin" for host in HOSTS]
    assert [spec["first"] for spec in specs] == [[], [], []]


def test_what_a_command_says_itself_is_not_said_twice() -> None:
    argv = (*COMMAND, "--distributed-executor-backend=mp")
    assert launched(Backend.MP, argv).argv.count("--distributed-executor-backend") == 0
    assert launched(Backend.RAY, (*COMMAND, "--distributed-executor-backend", "ray")).argv.count("ray") == 1


def test_only_the_head_serves() -> None:
    launch = launched(Backend.MP)
    specs = [launch.spec(node) for node in launch.nodes]
    assert [spec["ready"] for spec in specs] == ["server", "none", "none"]
    assert [spec["port"] for spec in specs] == [8000, None, None]
    assert [spec["url"] for spec in specs] == ["http://127.0.0.1:8000", "", ""]


def test_ranks_know_each_other() -> None:
    spec = launched(Backend.MP).spec(launched(Backend.MP).nodes[1])
    assert spec["beats"]["port"] == 29501
    assert spec["beats"]["address"] == ADDRESSES[1]
    assert [(peer["rank"], peer["address"]) for peer in spec["beats"]["peers"]] == [
        (0, ADDRESSES[0]),
        (2, ADDRESSES[2]),
    ]
    assert spec["lease"] == LEASE
    assert spec["nodes"] == list(HOSTS)


def test_a_launch_has_a_key_that_is_only_named_and_a_script_has_none() -> None:
    launch = with_key(launched(Backend.MP), "6d1f")
    for node in launch.nodes:
        assert launch.spec(node)["secrets"] == [BEAT_KEY]
        assert "6d1f" not in str(launch.spec(node))
    alone = replace(launch, nodes=(Node("spark1"),))
    assert with_key(alone, "6d1f") == alone
    script = without_us(launched(Backend.MP))
    assert [script.spec(node)["lease"] for node in script.nodes] == [0, 0, 0]
    assert script.spec(script.nodes[0])["secrets"] == []


def test_ray_begins_on_the_head_and_the_others_join_it() -> None:
    launch = launched(Backend.RAY)
    head, worker, big = (launch.spec(node) for node in launch.nodes)
    assert head["argv"] == [*COMMAND, "--distributed-executor-backend", "ray"]
    assert head["first"][0][:5] == ["ray", "start", "--head", "--node-ip-address", ADDRESSES[0]]
    assert head["env"]["RAY_ADDRESS"] == f"{ADDRESSES[0]}:29501"
    assert head["awaits"] is None
    assert worker["argv"][:4] == ["ray", "start", "--address", f"{ADDRESSES[0]}:29501"]
    assert worker["awaits"] == [ADDRESSES[0], 29501]
    assert "RAY_ADDRESS" not in worker["env"]
    assert big["argv"][big["argv"].index("--num-gpus") + 1] == "2"
    assert all(spec["env"]["RAY_memory_monitor_refresh_ms"] == "0" for spec in (head, worker))


def test_a_cluster_without_a_command_rests_on_the_head() -> None:
    launch = launched(Backend.RAY, ())
    head = launch.spec(launch.nodes[0])
    assert head["argv"][:3] == ["ray", "start", "--head"]
    assert head["argv"][-1] == "--block"
    assert head["first"] == []


def test_each_host_has_the_variables_of_its_own_ports() -> None:
    launch = launched(Backend.MP)
    found = [launch.spec(node)["env"]["VLLM_HOST_IP"] for node in launch.nodes]
    assert found == list(ADDRESSES)
    assert "RAY_worker_niceness" not in launch.spec(launch.nodes[0])["env"]


@pytest.mark.parametrize("backend", Backend)
def test_what_the_user_gives_wins_and_secrets_are_only_named(backend: Backend) -> None:
    given = Environment({"VLLM_HOST_IP": "10.0.0.1", "X": "1"}, (Secret("HF_TOKEN", "hf_1"),))
    launch = launched(backend, environment=given)
    for node in launch.nodes:
        spec = launch.spec(node)
        assert (spec["env"]["VLLM_HOST_IP"], spec["env"]["X"]) == ("10.0.0.1", "1")
        assert spec["secrets"] == ["HF_TOKEN"]
        assert "hf_1" not in str(spec)


def test_the_port_where_ranks_meet() -> None:
    assert free_port(Backend.MP, None, []) == 29501
    assert free_port(Backend.MP, None, [29501, 29502]) == 29503
    assert free_port(Backend.RAY, None, [29501]) == 6379
    assert free_port(Backend.RAY, 7000, [7000]) == 7000
