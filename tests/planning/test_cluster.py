"""A launch on several hosts: how many it needs, what it gets of the fabric, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from tests.planning.clusters import GB10, PAIR, TP2, asked, hosts, launched, refused
from tests.planning.fabrics import ring, sample, spark, switch
from tests.planning.hosts import ADA, running

from sparkup.domain.backend import Backend
from sparkup.domain.command import Environment
from sparkup.domain.container import ContainerRequest, Port
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.launch import Engine, Launch, LaunchRequest, Node
from sparkup.errors import GateRefused, InputRefused
from sparkup.facts.dgx import DGX
from sparkup.facts.identity import IDENTITY, Identity
from sparkup.facts.links import LINKS
from sparkup.facts.listeners import DATAGRAMS, Listener
from sparkup.facts.programs import Lookup
from sparkup.planning.resolve import resolve, wanted


def environment(launch: Launch, place: int) -> Mapping[str, str]:
    found: Mapping[str, str] = launch.spec(launch.nodes[place])["env"]
    return found


def test_each_host_gets_its_own_rank_and_variables() -> None:
    found = launched(asked())
    launch = found.launch
    assert [(node.host, node.rank, node.owner) for node in launch.nodes] == [
        ("node1", 0, ADA.uid),
        ("node2", 1, ADA.uid),
    ]
    assert (launch.attempt, launch.backend, launch.meets) == ("a1", Backend.MP, 29501)
    assert [node.address for node in launch.nodes] == ["192.168.177.11", "192.168.177.12"]
    assert environment(launch, 1)["VLLM_HOST_IP"] == "192.168.177.12"
    assert environment(launch, 0)["NCCL_IB_HCA"] == "rocep1s0f1,roceP2p1s0f1"
    assert "2 ranks through mp: pair, RDMA (RoCE) on 2 devices a host" in found.notes


def test_nccl_says_in_the_log_over_what_it_sends_unless_the_user_decides() -> None:
    mine = environment(launched(asked()).launch, 1)
    assert (mine["NCCL_DEBUG"], mine["NCCL_DEBUG_SUBSYS"]) == ("INFO", "INIT,NET")
    theirs = environment(launched(asked(environment=Environment({"NCCL_DEBUG": "WARN"}))).launch, 1)
    assert (theirs["NCCL_DEBUG"], theirs.get("NCCL_DEBUG_SUBSYS")) == ("WARN", None)


def test_what_is_needed_to_decide_is_asked_of_several_hosts_alone() -> None:
    assert LINKS in wanted(asked())
    assert LINKS not in wanted(asked(hosts=["node1"]))


def test_hosts_that_are_not_needed_are_left_out() -> None:
    one = asked("vllm", "serve", "m")
    found = launched(one)
    assert found.launch.nodes == (Node("node1", 0, ADA.uid),)
    assert found.launch.backend is None
    assert "the command needs 1 of 2 hosts (-tp x -pp x -dp); not used: node2" in found.notes


def test_a_host_with_several_gpus_takes_as_many_ranks() -> None:
    four = asked("vllm", "serve", "m", "-tp", "4")
    assert len(launched(four, hosts(four, cards=2)).launch.nodes) == 2


def in_ring(count: int, tp: int, order: Sequence[str] = ()) -> tuple[LaunchRequest, Observed]:
    """Return a launch on a ring, and its hosts; named in some order."""
    cabled = ring(count)
    two = asked("vllm", "serve", "m", "-tp", str(tp), hosts=order or tuple(cabled))
    return two, hosts(two, cabled)


def test_ranks_of_a_ring_follow_its_cables() -> None:
    crossed = ("n0000", "n0002", "n0001", "n0003")
    found = launched(*in_ring(4, 4, crossed))
    assert [node.host for node in found.launch.nodes] == ["n0000", "n0001", "n0002", "n0003"]
    assert "ranks follow the cables: n0000, n0001, n0002, n0003" in found.notes


def test_two_hosts_of_a_ring_are_neighbours() -> None:
    found = launched(*in_ring(4, 2, ("n0000", "n0002", "n0001", "n0003")))
    assert [node.host for node in found.launch.nodes] == ["n0000", "n0001"]
    assert any("not used: n0002, n0003" in note for note in found.notes)


def test_another_part_of_a_ring_is_refused() -> None:
    problems = refused(GateRefused, *in_ring(4, 3))
    assert problems[0].code == "no-fabric"
    assert problems[0].message == (
        "the command needs 3 of the 4 hosts of a ring, and without the others it is none"
    )


def test_hosts_in_another_fabric_keep_their_order() -> None:
    wires = switch(4)
    two = asked("vllm", "serve", "m", "-tp", "2", hosts=("n0003", "n0001", "n0002", "n0004"))
    assert [node.host for node in launched(two, hosts(two, wires)).launch.nodes] == ["n0003", "n0001"]


def test_too_few_hosts_are_refused() -> None:
    (problem,) = refused(InputRefused, asked("vllm", "serve", "m", "-tp", "4"))
    assert problem.message == "the command needs 4 GPUs, and there are 2 on node1 node2"


def test_sizes_of_a_configuration_file_count() -> None:
    one = asked("vllm", "serve", "m", "--config", "serve.yaml")
    config = Lookup("/home/ada/bin/vllm", config="tensor-parallel-size: 2\n")
    there = hosts(one, node1={"lookup": config}, node2={"lookup": config})
    assert len(launched(one, there).launch.nodes) == 2


def test_a_cluster_whose_hosts_have_no_link_is_refused() -> None:
    apart = {
        "node1": spark(1, {"enp1s0f1np1": "192.168.177.11/24"}),
        "node2": spark(2, {"enp1s0f1np1": "192.168.99.12/24"}),
    }
    problems = refused(GateRefused, asked(), hosts(asked(), apart))
    assert {problem.code for problem in problems} == {"no-fabric"}


def test_what_packets_did_not_cross_is_no_link() -> None:
    with pytest.raises(GateRefused):
        resolve(asked(), hosts(asked()), "a1", frozenset())


def test_the_port_where_ranks_meet_is_the_next_that_is_free() -> None:
    there = hosts(asked(), node1={"listeners_": [Listener(29501, 7)]})
    assert launched(asked(), there).launch.meets == 29502
    (problem,) = refused(GateRefused, asked(meets=29501), there)
    assert problem.code == "port-taken"
    assert "--master-port" in problem.hint


def test_two_launches_meet_at_different_ports() -> None:
    other = replace(running("other", 8001), spec={"beats": {"port": 29501}})
    there = hosts(asked(), node1={"launches_": [other]})
    assert launched(asked(), there).launch.meets == 29502


@pytest.mark.parametrize("host", ["node1", "node2"])
def test_ranks_meet_where_no_host_has_tcp_udp_or_another_launch(host: str) -> None:
    other = replace(running("other", 29503), spec={"beats": {"port": 29504}})
    held = {"listeners_": [Listener(29501, 7)], "launches_": [other], "holders": {9: "named (pid 5)"}}
    there = dict(hosts(asked(), node1=held if host == "node1" else {}, node2=held if host == "node2" else {}))
    there[host] = Seen(host, {**there[host].values, DATAGRAMS.name: (Listener(29502, 9), Listener(29509, 8))})
    assert launched(asked(), there).launch.meets == 29505
    said = {
        29501: "port 29501 is held by a process of another user",
        29502: "port 29502 of UDP is held by named (pid 5)",
        29503: "port 29503 is held by the launch other",
        29504: "at port 29504 the ranks of the launch other meet",
        29509: "port 29509 of UDP is held by a process of another user",
    }
    for port, message in said.items():
        (problem,) = refused(GateRefused, asked(meets=port), there)
        assert (problem.code, problem.where, problem.message) == ("port-taken", host, message)
        assert "choose another with --master-port" in problem.hint


def test_ranks_do_not_meet_where_the_head_serves() -> None:
    (problem,) = refused(InputRefused, asked(*TP2, "--port", "29501", meets=29501))
    assert (problem.code, problem.message) == ("bad-option", "--master-port 29501 is the port of the API")
    assert launched(asked(*TP2, "--port", "29501")).launch.meets == 29502


def test_the_server_of_the_head_alone_needs_a_port() -> None:
    there = hosts(asked(), node2={"listeners_": [Listener(8000, 7)]})
    found = launched(asked(), there).launch
    assert found.port == 8000
    assert found.spec(found.nodes[1])["port"] is None


def test_a_name_that_is_taken_on_any_host_is_refused() -> None:
    there = hosts(asked(), node2={"launches_": [running("vllm_node", 9000)]})
    (problem,) = refused(GateRefused, asked(), there)
    assert (problem.code, problem.where) == ("name-taken", "node2")


def test_ray_when_it_is_asked_for_or_the_command_says_so() -> None:
    assert launched(asked(backend=Backend.RAY)).launch.meets == 6379
    said = asked(*TP2, "--distributed-executor-backend", "ray")
    assert launched(said).launch.backend is Backend.RAY


def test_another_command_runs_in_a_ray_cluster_on_all_hosts() -> None:
    found = launched(asked("bash", "run.sh")).launch
    assert found.backend is Backend.RAY
    assert found.attached
    assert len(found.nodes) == 2


def test_contradictions_are_told_with_all_else() -> None:
    ports = ContainerRequest(ports=(Port(8000, 8000),), asked=True)
    two = asked("vllm", "serve", "m", "-tp", "2", "--nnodes", "2", container=ports, engine=Engine.HOST)
    messages = " / ".join(problem.message for problem in refused(InputRefused, two))
    assert "--nnodes speaks of one host" in messages
    assert "-p gives a container a network of its own" in messages


def test_a_choice_of_interfaces_that_cannot_be_is_refused() -> None:
    problems = refused(InputRefused, asked(eth=("enp9s9",)))
    assert [(problem.code, problem.where) for problem in problems] == [
        ("bad-option", "node1"),
        ("bad-option", "node2"),
    ]
    assert refused(InputRefused, asked(eth=("nobody=enP7s7",)))


def test_a_choice_of_interfaces() -> None:
    found = launched(asked(eth=("enP7s7",), ib=("rocep1s0f1",))).launch
    assert environment(found, 0)["GLOO_SOCKET_IFNAME"] == "enP7s7"
    assert environment(found, 0)["NCCL_IB_HCA"] == "rocep1s0f1"


def test_variables_of_the_user_win_and_are_spoken_of() -> None:
    found = launched(asked(environment=Environment({"NCCL_IB_GID_INDEX": "3"})))
    assert environment(found.launch, 1)["NCCL_IB_GID_INDEX"] == "3"
    assert any("your NCCL_IB_GID_INDEX=3 wins" in note for note in found.notes)


def test_warnings_of_the_fabric_are_passed_on() -> None:
    slow = sample("pair_port1_two_subnets", mtu=1500)
    found = launched(asked(), hosts(asked(), slow))
    assert any(note.startswith("warning: ") and "1500" in note for note in found.notes)


def test_hosts_without_rdma_talk_over_sockets() -> None:
    plain = {
        name: tuple(replace(each, rdma=None) for each in interfaces if each.netdev == "enP7s7")
        for name, interfaces in PAIR.items()
    }
    two = asked()
    there = {
        name: Seen(name, {**each.values, DGX.name: replace(GB10, gb10=False)})
        for name, each in hosts(two, plain).items()
    }
    found = launched(two, there)
    assert any("TCP sockets" in note for note in found.notes)
    assert environment(found.launch, 0)["NCCL_NET"] == "Socket"


def test_one_host_under_two_names_is_refused() -> None:
    one = Identity(("ssh-ed25519 same",), "4711")
    there = {name: Seen(name, {**each.values, IDENTITY.name: one}) for name, each in hosts(asked()).items()}
    (problem,) = refused(InputRefused, asked(), there)
    assert problem.message == "node1 and node2 are one host: they have the same SSH host key"


def test_what_joins_a_host_to_itself_is_not_judged() -> None:
    one = Identity(("ssh-ed25519 same",), "4711")
    alike = hosts(asked(), dict.fromkeys(PAIR, PAIR["node1"]))
    there = {name: Seen(name, {**each.values, IDENTITY.name: one}) for name, each in alike.items()}
    assert {each.code for each in refused(GateRefused, asked(), alike)} == {"no-fabric"}
    assert [each.code for each in refused(InputRefused, asked(), there)] == ["bad-option"]


def test_a_port_that_a_worker_has_is_told_with_all_else() -> None:
    wrong = asked("vllm", "serve", "m", "-tp", "2", "--nnodes", "2", meets=29502)
    there = dict(hosts(wrong))
    there["node2"] = Seen("node2", {**there["node2"].values, DATAGRAMS.name: (Listener(29502, 9),)})
    told = [(each.code, each.where) for each in refused(InputRefused, wrong, there)]
    assert sorted(told) == [("bad-option", ""), ("port-taken", "node2")]
