"""A launch on two hosts: started as one, ended as one, and undone as one, whatever happens to either."""

import signal
import time
from collections.abc import Callable

import pytest
from tests import processes
from tests.e2e.control import MODEL, watched
from tests.e2e.pairs import NODES, SERVE, Pair
from tests.user import FAKES
from tests.waiting import until

SILENT = 15 + 5  # seconds until a rank is missed, and to end
LEASE = 90 + 10  # seconds until a launcher is missed, and to end


def seconds_until(condition: Callable[[], bool], limit: float) -> float:
    begun = time.monotonic()
    until(condition, "it is noticed", limit)
    return time.monotonic() - begun


def test_two_ranks_from_launch_to_stop(pair: Pair) -> None:
    answer = pair.launch()
    assert answer["hosts"] == ["spark1", "spark2"]
    found = pair.rows()
    assert [(row["host"], row["rank"]) for row in found] == [("spark1", 0), ("spark2", 1)]
    assert found[0]["phase"] == "ready"
    argv = [row["argv"] for row in found]
    assert argv[0][-8:] == [
        "--nnodes",
        "2",
        "--node-rank",
        "0",
        "--master-addr",
        "192.168.177.11",
        "--master-port",
        "29501",
    ]
    assert argv[1][-1] == "--headless"
    assert pair.user.run("stop", *NODES).status == 0
    pair.nothing_is_left()


def test_a_rank_that_fails_in_the_start_is_named_and_all_is_undone(pair: Pair) -> None:
    pair.fault(2, "dies-in-start")
    done = pair.user.run("launch", *NODES, *pair.options, "--", *SERVE)
    assert done.status == 1
    assert "error [spark2]: vllm_node rank 1 ended before it was ready (exit status 1): " in done.err
    pair.nothing_is_left()


@pytest.mark.e2e
def test_a_head_that_fails_in_the_start(pair: Pair) -> None:
    pair.fault(1, "dies-in-start")
    done = pair.user.run("launch", *NODES, *pair.options, "--", *SERVE)
    assert done.status == 1
    assert "error [spark1]: vllm_node rank 0 ended before it was ready (exit status 1): " in done.err
    pair.nothing_is_left()


def test_a_rank_that_is_killed_while_serving_ends_the_launch(pair: Pair) -> None:
    pair.launch()
    pair.hosts.exec(2, ["pkill", "-9", "-f", "fakes/bin/[v]llm"])
    until(pair.nothing_runs, "both have ended", 10)
    found = {row["host"]: row for row in pair.rows()}
    assert found["spark2"]["exit_status"] == 137
    assert found["spark1"]["phase"] == "failed"


@pytest.mark.e2e
def test_somebody_who_follows_is_told_which_rank_it_was(pair: Pair) -> None:
    with pair.user.running("launch", *NODES, *pair.options, "--", *SERVE) as command:
        command.expect("its log:")
        pair.hosts.exec(2, ["pkill", "-9", "-f", "fakes/bin/[v]llm"])
        done = command.done()
    assert done.status == 1
    error = done.err.index("error [spark2]: vllm_node rank 1 ended although nobody had asked it to")
    assert "its log ended; all ranks are asked why, for up to 20 s" in done.err[:error]
    pair.nothing_is_left()


@pytest.mark.e2e
@pytest.mark.parametrize("number", [1, 2])
def test_a_host_that_loses_its_power_while_serving(pair: Pair, number: int) -> None:
    pair.launch()
    pair.hosts.kill(number)
    try:
        assert seconds_until(lambda: not pair.engines(3 - number), SILENT) > 5
    finally:
        pair.hosts.up(number)
    assert {row["phase"] for row in pair.rows()} <= {"failed", "lost"}


@pytest.mark.e2e
def test_cables_that_are_pulled_while_serving(pair: Pair) -> None:
    pair.launch()
    pair.hosts.link(2, up=False)
    try:
        seconds_until(pair.nothing_runs, SILENT)
    finally:
        pair.hosts.link(2, up=True)


@pytest.mark.e2e
@pytest.mark.parametrize("number", [1, 2])
def test_a_host_that_loses_its_power_while_starting(pair: Pair, number: int) -> None:
    for each in (1, 2):
        pair.fault(each, "slow:300")
    with pair.user.running("launch", *NODES, *pair.options, "--", *SERVE) as command:
        until(lambda: pair.engines(1) and pair.engines(2), "both are starting", 20)
        time.sleep(3)
        pair.hosts.kill(number)
        try:
            done = command.done(180)
        finally:
            pair.hosts.up(number)
    assert done.status in (1, 4), done
    assert f"spark{number}" in done.err
    nothing_is_left_but_what_was_lost(pair, number)


def nothing_is_left_but_what_was_lost(there: Pair, number: int) -> None:
    """AssertionError if something runs, or the host that did not lose its power has a name."""
    until(there.nothing_runs, "all has ended", 30)
    other = 3 - number
    assert there.hosts.exec(other, ["ls", "/var/lib/sparkup/launches"], check=False).stdout == ""


@pytest.mark.e2e
def test_ctrl_c_in_the_start_undoes_both(pair: Pair) -> None:
    for each in (1, 2):
        pair.fault(each, "slow:300")
    with pair.user.running("launch", *NODES, *pair.options, "--", *SERVE) as command:
        until(lambda: pair.engines(1) and pair.engines(2), "both are starting", 20)
        command.signal(signal.SIGINT)
        done = command.done(60)
    assert done.status == 130
    pair.nothing_is_left()


@pytest.mark.e2e
def test_a_launcher_that_is_killed_leaves_nothing(pair: Pair) -> None:
    for each in (1, 2):
        pair.fault(each, "slow:600")
    with pair.user.running("launch", *NODES, *pair.options, "--", *SERVE) as command:
        until(lambda: watched(pair.hosts, 1) and watched(pair.hosts, 2), "somebody waits for both", 20)
        processes.kill(processes.touching(pair.user.home))
        command.done()
    pair.user.close()
    assert seconds_until(pair.nothing_runs, LEASE) > 30


@pytest.mark.e2e
def test_what_is_let_go_goes_on(pair: Pair) -> None:
    pair.launch("-d")
    pair.user.close()
    until(lambda: pair.rows()[0]["phase"] == "ready", "it is ready by itself", 30)
    time.sleep(20)
    assert [row["phase"] for row in pair.rows()] == ["ready", "running"]


def test_of_two_launchers_of_one_name_one_wins_everywhere(pair: Pair) -> None:
    with (
        pair.user.running("launch", "--json", *NODES, *pair.options, "--", *SERVE) as one,
        pair.user.running("launch", "--json", "-n", "spark2,spark1", *pair.options, "--", *SERVE) as other,
    ):
        statuses = sorted([one.done().status, other.done().status])
    assert statuses == [0, 5]
    assert len({row["attempt"] for row in pair.rows()}) == 1
    assert sorted(row["phase"] for row in pair.rows()) == ["ready", "running"]  # who won has its own head


@pytest.mark.e2e
def test_a_name_that_is_taken_on_one_host_touches_neither(pair: Pair) -> None:
    alone = (str(FAKES / "vllm"), "serve", MODEL, "--port", "8123")
    assert pair.user.run("launch", "--no-follow", "-n", "spark2", *pair.options, "--", *alone).status == 0
    done = pair.user.run("launch", *NODES, *pair.options, "--", *SERVE)
    assert done.status == 5
    assert "error [spark2]: vllm_node is already the name of a launch" in done.err
    assert pair.engines(1) == []
    assert len(pair.engines(2)) > 0


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("-n", "spark1,192.168.178.11"), 2, "are one host"),
        (("-n", "spark1,spark2", "--eth-if", "enp9s9"), 2, "enp9s9"),
        (("-n", "spark1,spark2", "--ib-if", "enp1s0f1np1"), 2, "rocep1s0f1"),
        (("-n", "spark1,spark2", "--solo"), 2, "--solo means one machine"),
        (("-n", "spark1,spark9"), 4, "spark9"),
    ],
)
def test_bad_input_starts_nothing(pair: Pair, words: tuple[str, ...], status: int, told: str) -> None:
    done = pair.user.run("launch", *pair.options, *words, "--", *SERVE)
    assert done.status == status, done
    assert told in done.err
    pair.nothing_is_left()


def test_too_few_hosts(pair: Pair) -> None:
    done = pair.user.run("launch", *NODES, *pair.options, "--", *SERVE[:-1], "4")
    assert done.status == 2
    assert "the command needs 4 GPUs, and there are 2 on spark1 spark2" in done.err
