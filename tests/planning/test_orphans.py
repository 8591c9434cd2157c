"""Launches that only the labels of their containers tell of, out of what real engines said."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import ADA, running, seen

from sparkup.domain.answer import Row
from sparkup.domain.fact import Observed
from sparkup.domain.launch import Engine, RankState
from sparkup.errors import GateRefused
from sparkup.facts.containers import CONTAINERS, ContainerState
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.containers import name_problem
from sparkup.planning.orphans import adopted, container_of_orphan, there
from sparkup.planning.several import Asked, together
from sparkup.planning.stop import choose, found, stop_plan

ROOT = replace(ADA, uid=0, state_root=PurePosixPath("/var/lib/sparkup"))
SPARK = replace(ADA, uid=1000, state_root=PurePosixPath("/home/spark/.local/state/sparkup"))
CASES = ("docker_20", "docker_26", "podman_4")
ROW = Row("held", "h", 0, "", "docker", 1, "", None, "", 0.0, 0.0, None, "", (), "")
RECORDED = CONTAINERS.parse(answers("containers", "docker_20"))


def orphans(**host: Any) -> list[tuple[str, str, bool]]:  # noqa: ANN401 - what a test changes of a host
    """Return name, phase and liveness of what is there."""
    return [(rank.launch, rank.phase, rank.alive) for rank in there(seen(**host))]


@pytest.mark.parametrize("case", CASES)
def test_containers_of_ours_without_a_folder(case: str) -> None:
    told = CONTAINERS.parse(answers("containers", case))
    assert orphans(machine_=ROOT, containers_=told) == [
        ("gone", "orphaned", False),
        ("held", "orphaned", True),
        ("theirs", "hidden", True),
        ("up", "orphaned", True),
    ]


def test_what_is_known_of_one() -> None:
    host = seen(machine_=ROOT, containers_=RECORDED)
    rank = next(rank for rank in there(host) if rank.launch == "up")
    assert (rank.folder, rank.attempt, rank.owner) == ("/var/lib/sparkup/launches/up", "a1", 0)
    assert rank.spec == {"engine": "docker", "image": "base:1"}
    assert (rank.mine, rank.contained, rank.hidden) == (True, True, False)
    assert container_of_orphan(rank, host).name == "up"
    assert [(each.launch, each.rank) for each in there(host)] == [
        ("gone", 2),
        ("held", 1),
        ("theirs", 0),
        ("up", 0),
    ]


def test_one_is_a_rank_of_the_launch_whose_others_have_their_folders() -> None:
    """The whole has it as a rank that lives, not as one that is missing beside a launch of its own."""
    head = replace(running("held"), attempt="a4", nodes=("h", "w"), spec={"engine": "docker"}, verdict={})
    host = seen(host="w", machine_=ROOT, containers_=RECORDED)
    ranks = adopted([("h", head), *(("w", rank) for rank in there(host) if rank.launch == "held")])
    assert [(rank.rank, rank.nodes) for _, rank in ranks] == [(0, ("h", "w")), (1, ("h", "w"))]
    rows = [
        replace(
            ROW, host=name, rank=rank.rank, phase=rank.phase, attempt="a4", container="paused" * rank.rank
        )
        for name, rank in ranks
    ]
    unseen, (whole,) = together(ranks, rows, Asked(("h", "w"), (), 0.0))
    assert (unseen, whole.phase) == ([], "ready")
    gone = replace(rows[1], container="exited")
    (whole,) = together(ranks, [rows[0], gone], Asked(("h", "w"), (), 0.0))[1]
    assert (whole.phase, whole.because) == ("degraded", "rank 1 on w orphaned")


def test_those_with_a_folder_are_none() -> None:
    up = replace(running("up"), attempt="a1", owner=0)
    names = orphans(machine_=ROOT, containers_=RECORDED, launches_=[up])
    assert names[-1] == ("up", "starting", True)
    assert [name for name, _, _ in names] == ["gone", "held", "theirs", "up"]


def test_another_users_are_hidden_once() -> None:
    assert orphans(machine_=SPARK, containers_=RECORDED) == [
        ("gone", "hidden", False),
        ("held", "hidden", True),
        ("theirs", "orphaned", True),
        ("up", "hidden", True),
    ]
    folder = RankState("up", "", 0, "/x", 0.0, alive=False, pid=0, argv=(), owner=0, hidden=True)
    names = [name for name, _, _ in orphans(machine_=SPARK, containers_=RECORDED, launches_=[folder])]
    assert names == ["gone", "held", "theirs", "up"]


def test_whoever_names_a_folder_sees_what_is_of_that_folder_alone() -> None:
    apart = replace(ROOT, state_root=PurePosixPath("/tmp/state"))
    assert orphans(machine_=apart, containers_=RECORDED) == []
    ours = ContainerState(Engine.DOCKER, "1", "running", "a", "a", "b1", "i", 0, "/tmp/state/launches/a")
    assert orphans(machine_=apart, containers_=[*RECORDED, ours]) == [("a", "orphaned", True)]
    assert orphans(machine_=ROOT, containers_=[ours]) == []
    assert orphans(machine_=SPARK, containers_=[ours]) == []


@pytest.mark.parametrize(("launch", "attempt"), [("", "a1"), ("-a", "a1"), ("a", ""), ("a", "a b")])
def test_labels_that_are_none_of_ours(launch: str, attempt: str) -> None:
    odd = ContainerState(
        Engine.DOCKER, "1", "running", "a", launch, attempt, "i", 0, "/var/lib/sparkup/launches/a"
    )
    assert orphans(machine_=ROOT, containers_=[odd]) == []


def test_without_a_look_at_containers_there_is_what_folders_tell() -> None:
    host = seen(machine_=ROOT, launches_=[running("a")])
    looked = replace(host, values={MACHINE.name: host[MACHINE], LAUNCHES.name: host[LAUNCHES]})
    assert [rank.launch for rank in there(looked)] == ["a"]


def test_they_are_stopped_by_their_labels() -> None:
    host: Observed = {"h": seen(host="h", machine_=ROOT, containers_=RECORDED)}
    assert [rank.launch for _, rank in found(host)] == ["held", "up", "gone"]
    plan = stop_plan(choose("up", host, "stop"), host, "node-1.pyz", b"")
    argv = plan.steps[-1].command.argv  # type: ignore[union-attr] # a step that runs
    assert argv[3:] == ("stop", "up", "--root", "/var/lib/sparkup", "--attempt", "a1", "--engine", "docker")


def test_another_users_are_theirs_to_stop() -> None:
    host: Observed = {"h": seen(host="h", machine_=ROOT, containers_=RECORDED)}
    with pytest.raises(GateRefused) as refused:
        choose("theirs", host, "stop")
    assert refused.value.problems[0].code == "not-yours"


def test_the_name_of_one_is_taken() -> None:
    host = seen(machine_=ROOT, containers_=RECORDED)
    problem = name_problem("up", Engine.DOCKER, host)
    assert problem is not None
    assert problem.message == "up is a launch whose folder is gone: base:1 (running)"
    assert problem.hint == "choose another with --name, or: sparkup stop up"
    problem = name_problem("theirs", Engine.DOCKER, host)
    assert problem is not None
    assert "a launch that is not this user's" in problem.message
