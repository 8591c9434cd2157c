"""A launch of two ranks that is watched, read, entered and stopped, also while one of its hosts is away."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.control import SERVE, Control, control
from tests.simhosts.hosts import Testbed
from tests.user import Json
from tests.waiting import until

BOTH, HEAD, WORKER = ("-n", "spark1,spark2"), ("-n", "spark1"), ("-n", "spark2")
BOUND = 10 + 4  # seconds for a status while a host is off, and for our own start


@pytest.fixture
def pair(simhosts: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody who has launched on two hosts; at the end nothing of it is left on either."""
    simhosts.grow(2)
    with control(simhosts, tmp_path / "home") as there:
        for number in (1, 2):
            there.model(number)
        done = there.user.run("launch", "--no-follow", *BOTH, "--", *SERVE, "-tp", "2")
        assert done.status == 0, done
        yield there
        there.user.run("stop", "--all", *BOTH)
        assert [there.engines(number) for number in (1, 2)] == [[], []]


def status(there: Control, *hosts: str, exit_status: int = 0) -> Json:
    done = there.user.run("status", "--json", *hosts)
    assert done.status == exit_status, done
    document: Json = json.loads(done.out)
    return document


def phases(document: Json) -> list[tuple[int, str]]:
    return [(row["rank"], row["phase"]) for row in document["launches"]]


def test_status_shows_it_as_one(pair: Control) -> None:
    document = status(pair, *BOTH)
    (whole,) = document["wholes"]
    assert (whole["name"], whole["phase"], whole["because"], whole["notes"]) == ("vllm_node", "ready", "", [])
    assert whole["nodes"] == ["spark1", "spark2"]
    assert phases(document) == [(0, "ready"), (1, "running")]
    assert len({row["attempt"] for row in document["launches"]}) == 1
    lines = pair.user.run("status", *BOTH).out.splitlines()
    assert lines[0].startswith(f"vllm_node is ready at {whole['url']} (2 ranks through ")
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["RANK", "HOST", "PHASE"],
        ["0", "spark1", "ready"],
        ["1", "spark2", "running"],
    ]
    way = "ssh -N -L 8000:127.0.0.1:8000 spark1"
    assert lines[4:] == [f"  from here, open a way to vllm_node first: {way}"]


def test_of_some_of_its_hosts_only_what_is_known_is_said(pair: Control) -> None:
    document = status(pair, *HEAD)
    assert phases(document) == [(0, "ready"), (1, "unasked")]
    (whole,) = document["wholes"]
    assert whole["phase"] == "ready"
    assert whole["notes"] == ["rank 1 on spark2 was not asked (rank 0 on spark1 hears it)"]
    document = status(pair, *WORKER)
    assert document["wholes"][0]["phase"] == "ready"
    assert phases(document) == [(1, "running"), (0, "unasked")]


def test_the_logs_are_one(pair: Control) -> None:
    out = pair.user.run("logs", *BOTH).out
    assert "[0 spark1] " in out
    assert "[1 spark2] " in out
    assert all(line.startswith(("[0 spark1] ", "[1 spark2] ")) for line in out.splitlines())
    raw = pair.user.run("logs", "--rank", "1", *HEAD).out
    assert raw
    assert "[1 spark2]" not in raw
    rows = [
        json.loads(line) for line in pair.user.run("logs", "--json", "--tail", "2", *HEAD).out.splitlines()
    ]
    assert sorted({(row["rank"], row["host"]) for row in rows}) == [(0, "spark1"), (1, "spark2")]
    assert len(rows) == 4
    with pair.user.running("logs", "-f", *BOTH) as follower:
        follower.expect("Application startup complete")
        assert pair.user.run("stop", *HEAD).status == 0
        assert follower.done().status == 0
    over = pair.user.run("logs", "vllm_node", *BOTH)
    assert over.status == 0, over
    assert "[1 spark2] " in over.out


def test_exec_in_one_rank_and_in_all(pair: Control) -> None:
    assert pair.user.run("exec", *BOTH, "--", "hostname").out == "spark1\n"
    assert pair.user.run("exec", "--rank", "1", *HEAD, "--", "hostname").out == "spark2\n"
    assert pair.user.run("exec", *WORKER, "--", "hostname").out == "spark2\n"
    assert pair.user.run("exec", "--rank", "0", *WORKER, "--", "hostname").out == "spark1\n"
    done = pair.user.run("exec", "--all", *HEAD, "--", "hostname")
    assert done.status == 0, done
    assert sorted(done.out.splitlines()) == ["[0 spark1] spark1", "[1 spark2] spark2"]
    done = pair.user.run("exec", "--all", *HEAD, "--", "sh", "-c", "test $(hostname) = spark1 || exit 7")
    assert done.status == 7
    assert "rank 1 on spark2: exit status 7" in done.err
    assert pair.user.run("exec", "--rank", "2", *HEAD, "--", "true").status == 2


def test_stop_ends_ranks_that_were_not_named(pair: Control) -> None:
    done = pair.user.run("stop", "--json", *HEAD)
    assert done.status == 0, done
    assert sorted(each["host"] for each in done.json["launches"]) == ["spark1", "spark2"]
    assert [pair.engines(number) for number in (1, 2)] == [[], []]


def test_a_rank_that_is_killed_is_the_cause(pair: Control) -> None:
    pair.hosts.exec(2, ["pkill", "-9", "-f", "fakes/bin/[v]llm"])
    until(lambda: not pair.engines(1) and not pair.engines(2), "both have ended", 20)
    (whole,) = status(pair, *BOTH)["wholes"]
    assert whole["phase"] == "failed"
    assert whole["because"].startswith("rank 1 on spark2 failed (exit 137)")
    cause = pair.user.run("logs", "--first-cause", "--json", *HEAD).json
    assert (cause["rank"], cause["host"]) == (1, "spark2")
    assert "killed" in cause["message"]


def test_a_host_that_is_off_holds_nothing_up(pair: Control) -> None:
    pair.hosts.kill(2)
    try:
        begun = time.monotonic()
        document = status(pair, *BOTH, exit_status=3)
        assert time.monotonic() - begun < BOUND
        assert phases(document)[1] == (1, "unreachable")
        until(lambda: not pair.engines(1), "the head misses it", 30)
        (whole,) = status(pair, *BOTH, exit_status=3)["wholes"]
        assert whole["phase"] == "failed"
        assert (
            "rank 1: spark2 cannot be reached (rank 0 on spark1 has not heard of it for" in whole["because"]
        )
        done = pair.user.run("logs", "--tail", "1", *BOTH)
        assert done.status == 3
        assert done.out.startswith("[0 spark1] ")
        cause = pair.user.run("logs", "--first-cause", *BOTH).out
        assert cause.startswith("rank 0 on spark1: rank 1 on spark2 has not been heard of for ")
        done = pair.user.run("exec", "--all", *BOTH, "--", "true")
        assert done.status != 0
        done = pair.user.run("stop", "vllm_node", *BOTH)
        assert done.status == 3, done
        assert "stopped vllm_node on spark1" in done.out
    finally:
        pair.hosts.up(2)
