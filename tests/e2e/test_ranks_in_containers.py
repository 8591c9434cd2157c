"""Two ranks in containers of either engine are watched, read, entered and stopped as one launch."""

import json

import pytest
from tests.docked_fixture import E2E
from tests.e2e.pairs import NODES, Pair
from tests.user import Json
from tests.waiting import until

pytestmark = [*E2E, pytest.mark.parametrize("pair", ["docker_20_pair", "podman_4_pair"], indirect=True)]
HEAD, WORKER = ("-n", "spark1"), ("-n", "spark2")
NAME = ("python3", "-c", "import socket; print(socket.gethostname())")
FAILS = ("sh", "-c", f"test $({NAME[0]} -c '{NAME[2]}') = spark1 || exit 7")


def whole(pair: Pair, *hosts: str) -> Json:
    """Return what status says of the launch, asked of some hosts."""
    (found,) = pair.user.json("status", *hosts)["wholes"]
    return dict(found)


def test_status_shows_them_from_either_host(pair: Pair) -> None:
    pair.launch()
    found = whole(pair, *NODES)
    assert (found["phase"], found["because"], found["notes"]) == ("ready", "", [])
    assert [(row["rank"], row["phase"], row["engine"]) for row in pair.rows()] == [
        (0, "ready", pair.engine),
        (1, "running", pair.engine),
    ]
    until(lambda: whole(pair, *WORKER)["phase"] == "ready", "a beat tells the other host")


def test_the_logs_are_one(pair: Pair) -> None:
    pair.launch()
    out = pair.user.run("logs", *NODES).out
    assert {line.split("] ")[0] for line in out.splitlines()} == {"[0 spark1", "[1 spark2"}
    lines = pair.user.run("logs", "--json", "--tail", "2", *HEAD).out.splitlines()
    assert sorted({(row["rank"], row["host"]) for row in map(json.loads, lines)}) == [
        (0, "spark1"),
        (1, "spark2"),
    ]
    raw = pair.user.run("logs", "--rank", "1", *HEAD).out
    assert raw.splitlines() == [
        line.partition("] ")[2] for line in out.splitlines() if line.startswith("[1 spark2] ")
    ]
    with pair.user.running("logs", "-f", *NODES) as follower:
        follower.expect("Application startup complete")
        assert pair.user.run("stop", *HEAD).status == 0
        assert follower.done().status == 0
    pair.nothing_is_left()


def test_exec_is_in_the_containers(pair: Pair) -> None:
    pair.launch()
    assert pair.user.run("exec", *NODES, "--", *NAME).out == "spark1\n"
    assert pair.user.run("exec", "--rank", "1", *HEAD, "--", *NAME).out == "spark2\n"
    done = pair.user.run("exec", "--all", *HEAD, "--", *NAME)
    assert (done.status, sorted(done.out.splitlines())) == (0, ["[0 spark1] spark1", "[1 spark2] spark2"])
    done = pair.user.run("exec", "--all", *HEAD, "--", *FAILS)
    assert (done.status, "rank 1 on spark2: exit status 7" in done.err) == (7, True), done


@pytest.mark.parametrize("by_hand", [("stop",), ("kill",), ("rm", "--force")], ids=" ".join)
def test_a_container_that_is_ended_by_hand_ends_the_launch(pair: Pair, by_hand: tuple[str, ...]) -> None:
    pair.launch()
    pair.hosts.exec(2, [pair.engine, *by_hand, "vllm_node"])
    until(pair.nothing_runs, "both have ended", 20)
    found = whole(pair, *NODES)
    if by_hand == ("stop",):
        assert found["phase"] == "ended", found
    else:  # podman tells what it removes to end first
        assert found["phase"] == "ended" or "rank 1 on spark2" in found["because"], found
