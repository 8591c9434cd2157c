"""What `--check` and `--explain` make of a launch that was decided."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.fixtures.recorded import answers
from tests.planning.clusters import asked, hosts
from tests.planning.hosts import request, seen

from sparkup.domain.backend import Backend
from sparkup.domain.checked import Checked, ExplainedRank
from sparkup.domain.command import Environment, Secret
from sparkup.domain.container import ContainerRequest
from sparkup.domain.fact import Observed
from sparkup.domain.launch import Engine, LaunchRequest
from sparkup.facts import container_engines
from sparkup.facts.containers import Image
from sparkup.facts.mounts import Places
from sparkup.facts.verbs import VERBS, Verbs
from sparkup.planning.checked import checked, explained
from sparkup.planning.resolve import examine

UP = container_engines.parse(answers("engines", "docker_20"))
IMAGE = Image("sha256:1", "amd64", "linux", fingerprint="a" * 64)
PLACES = Places({}, (("/home/ada/.cache/huggingface", "/root/.cache/huggingface"),), "/home/ada")


def told(one: LaunchRequest, there: Observed) -> Checked:
    resolved, problems = examine(one, there, "a1")
    return checked(one, resolved, problems, there, "node-1.pyz")


def outcomes(answer: Checked) -> Mapping[str, str]:
    return {row.id: row.outcome for row in answer.checks}


def explaining(one: LaunchRequest, **each: Any) -> tuple[ExplainedRank, ...]:  # noqa: ANN401
    there = hosts(one, **each) if len(one.hosts) > 1 else {"local": seen(one, **each)}
    return explained(one, examine(one, there, "a1")[0])


def test_one_host_is_asked_nothing_of_networks() -> None:
    one = request()
    answer = told(one, {"local": seen(one)})
    assert answer.fabric == "one host: nothing between hosts is needed"
    assert not [row for row in answer.checks if row.id.startswith("net.")]
    assert set(outcomes(answer).values()) == {"ok"}
    assert [(rank.host, rank.engine, rank.argv) for rank in answer.ranks] == [("local", "host", ())]


def test_what_was_not_looked_at_is_not_told_to_be_well() -> None:
    command = request("sleep", "5")
    mine = outcomes(told(command, {"local": seen(command)}))
    assert not {"docker.cli", "img.there", "mem.avail", "model.there"} & set(mine)
    assert "run.program" in mine


def test_what_each_host_of_a_pair_would_get() -> None:
    two = asked(container=ContainerRequest(asked=True))
    each: dict[str, Any] = {
        name: {"engines": UP, "images": {Engine.DOCKER: IMAGE}, "places": PLACES}
        for name in ("node1", "node2")
    }
    answer = told(two, hosts(two, **each))
    assert answer.fabric == (
        "pair: RDMA (RoCE) on 2 devices a host; ranks meet on node1 192.168.177.11, node2 192.168.177.12"
    )
    assert answer.problems == ()
    first, second = answer.ranks
    assert second.network == "enp1s0f1np1 192.168.177.12"
    assert second.devices == ("rocep1s0f1", "roceP2p1s0f1")
    assert (first.image, first.fingerprint) == ("vllm-node", "a" * 64)
    assert first.caches == {"/home/ada/.cache/huggingface": "/root/.cache/huggingface"}
    assert first.argv[:2] == ("docker", "run")
    mine = outcomes(answer)
    assert (mine["img.same"], mine["net.verbs"], mine["net.mtu"]) == ("ok", "ok", "ok")
    assert "sys.linger" not in mine


def test_what_refuses_it_comes_first_and_once() -> None:
    two = asked("vllm", "serve", "m", "-tp", "2", "--port", "many")
    there = hosts(two)
    bad = {
        **there,
        "node2": replace(there["node2"], values={**there["node2"].values, VERBS.name: Verbs(False)}),
    }
    answer = told(two, bad)
    assert [(row.id, row.outcome, row.where) for row in answer.checks[:2]] == [
        ("net.verbs", "fail", "node2"),
        ("run.options", "fail", "node1"),
    ]
    assert answer.ranks == ()
    assert {problem.code for problem in answer.problems} == {"no-fabric", "bad-option"}


def test_hosts_that_meet_nowhere() -> None:
    one = asked()
    there = {name: replace(each, values=each.values) for name, each in hosts(one).items()}
    apart, problems = examine(one, there, "a1", frozenset())
    assert problems
    assert "ranks meet on" in checked(one, apart, problems, there, "n").fabric


def test_each_variable_has_a_reason() -> None:
    for rank in explaining(asked(backend=Backend.RAY)):
        assert all(each.reason and not each.yours for each in rank.variables)
        names = {each.name for each in rank.variables}
        assert {"NCCL_IB_HCA", "NCCL_DEBUG", "RAY_DEDUP_LOGS", "VLLM_HOST_IP"} <= names


def test_ones_own_variables_win() -> None:
    mine = Environment({"NCCL_NET": "Socket", "MINE": "1"}, (Secret("HF_TOKEN", "hf"),))
    first = {each.name: each for each in explaining(asked(environment=mine))[0].variables}
    won = first["NCCL_NET"]
    assert (won.value, won.yours, won.instead) == ("Socket", True, "IB")
    assert won.reason.startswith("you set it, and it wins: NCCL fails rather than")
    assert (first["MINE"].yours, first["MINE"].instead) == (True, None)
    assert (first["HF_TOKEN"].value, first["HF_TOKEN"].yours) == (None, True)


def test_a_key_of_the_command_line_is_a_variable() -> None:
    (rank,) = explaining(request("vllm", "serve", "m", "--api-key", "sk-1"))
    (key,) = rank.variables
    assert (key.name, key.value) == ("VLLM_API_KEY", None)
    assert "where everybody could read it" in key.reason


def test_what_every_container_gets() -> None:
    one = request("vllm", "serve", "m", container=ContainerRequest(asked=True))
    (rank,) = explaining(one, engines=UP, images={Engine.DOCKER: IMAGE})
    assert [each.name for each in rank.variables] == ["NCCL_IGNORE_CPU_AFFINITY"]
    assert rank.variables[0].reason.startswith("NCCL places its threads")
