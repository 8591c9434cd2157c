"""Containers to work in on several hosts: they are a Ray cluster, which is ready when all have joined."""

from dataclasses import replace

from tests.fixtures.recorded import answers
from tests.planning.clusters import asked, hosts, launched, refused
from tests.planning.hosts import CPU

from sparkup.domain.container import ContainerRequest
from sparkup.domain.event import Event, Ready, StageChanged
from sparkup.domain.launch import Engine, Launch, LaunchRequest
from sparkup.errors import GateRefused, InputRefused
from sparkup.facts import container_engines
from sparkup.facts.containers import Image
from sparkup.facts.programs import Lookup
from sparkup.planning.launch import readiness_text
from sparkup.planning.processes import ray_lookup
from sparkup.planning.readiness import Readying

UP = container_engines.parse(answers("engines", "docker_20"))
HOST = {"engines": UP, "images": {Engine.DOCKER: Image("sha256:1", "amd64", "linux", fingerprint="a" * 64)}}


def idle() -> Launch:
    one = asked("sleep", "infinity", idle=True, container=ContainerRequest(needed=True, asked=True))
    return launched(one, hosts(one, node1=HOST, node2=HOST)).launch


def test_the_command_is_ray_itself() -> None:
    launch = idle()
    head, worker = (launch.spec(node) for node in launch.nodes)
    assert head["argv"][:3] == ["ray", "start", "--head"]
    assert (head["argv"][-1], head["first"]) == ("--block", [])
    assert (head["ready"], head["ready_target"], head["attached"]) == ("ray", "2", False)
    assert head["env"]["RAY_ADDRESS"] == "192.168.177.11:6379"  # what is entered finds it
    assert worker["argv"][:3] == ["ray", "start", "--address"]
    assert worker["ready"] == "none"
    assert readiness_text(launch) == "2 hosts have joined the Ray cluster"


def on_hosts(*names: str) -> LaunchRequest:
    return asked("ray", idle=True, engine=Engine.HOST, hosts=names)


def test_without_containers_it_is_ray_of_the_environment() -> None:
    two = on_hosts("node1", "node2")
    cpu = {"environments_": [CPU], "lookup": Lookup()}
    there = hosts(two, node1=cpu, node2=cpu)
    for name in there:
        values = {**there[name].values, ray_lookup(two).name: Lookup(provided=frozenset({CPU.folder}))}
        there = {**there, name: replace(there[name], values=values)}
    launch = launched(two, there).launch
    head, worker = (launch.spec(node) for node in launch.nodes)
    assert (head["engine"], head["bin"]) == ("host", f"{CPU.folder}/bin")
    assert (head["argv"][:3], head["argv"][-1], head["first"]) == (["ray", "start", "--head"], "--block", [])
    assert (head["ready"], worker["ready"]) == ("ray", "none")
    assert worker["argv"][:3] == ["ray", "start", "--address"]


def test_hosts_without_ray_are_named_once() -> None:
    two = on_hosts("node1", "node2")
    there = hosts(two)
    for name in there:
        values = {**there[name].values, ray_lookup(two).name: Lookup()}
        there = {**there, name: replace(there[name], values=values)}
    problems = refused(GateRefused, two, there)
    assert [(each.code, each.where) for each in problems] == [
        ("ray-not-found", "node1"),
        ("ray-not-found", "node2"),
    ]


def test_on_one_host_there_is_nothing_to_work_in_without_a_container() -> None:
    (problem,) = refused(InputRefused, on_hosts("node1"))
    assert (problem.code, problem.where) == ("bad-option", "node1")
    assert "name several hosts with -n" in problem.hint


def test_it_is_told_how_many_have_joined() -> None:
    fold = Readying(idle())
    told: list[Event] = []
    nodes = [{"address": "192.168.177.11", "gpus": 1}, {"address": "192.168.177.12", "gpus": 1}]
    for seconds in range(3):
        look = {"state": "ready" if seconds == 2 else "not-yet", "joined": nodes[:seconds]}
        verdict = fold.feed(float(seconds), {"look": look}, "node1")
        assert verdict.done == (seconds == 2)
        told += verdict.events
    assert [each.detail for each in told if isinstance(each, StageChanged)] == [
        "0 of 2 hosts have joined",
        "1 of 2 hosts have joined",
        "2 of 2 hosts have joined",
    ]
    (ready,) = [each for each in told if isinstance(each, Ready)]
    assert ready.stages == (("ranks", 2.0),)
