"""Which launches look for more hosts, and what is said of the search."""

from dataclasses import replace

import pytest
from tests.planning.hosts import SERVE, request
from tests.planning.members import seen

from sparkup.domain.backend import Backend
from sparkup.domain.discovery import Found, Left
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, Problem
from sparkup.planning.discovery import found_host
from sparkup.planning.wanting import MANY, enough, gpus_wanted, locked, notes, without

HERE = found_host("", "", ("this machine",), seen(1))
THERE = found_host("", "192.168.177.12", ("scan of 192.168.177.0/24",), seen(2))


@pytest.mark.parametrize(
    ("argv", "gpus"),
    [
        (SERVE, 1),
        ((*SERVE, "-tp", "1"), 1),
        ((*SERVE, "-tp", "2"), 2),
        ((*SERVE, "--tensor-parallel-size=2", "-pp", "2"), 4),
        (("cat", "file"), 1),
    ],
)
def test_how_many_gpus_a_command_asks_for(argv: tuple[str, ...], gpus: int) -> None:
    assert gpus_wanted(request(*argv), "") == gpus


def test_sizes_in_a_file_count_where_the_command_line_says_none() -> None:
    config = "tensor-parallel-size: 2\npipeline_parallel_size: 3\n"
    configured = (*SERVE, "--config", "sizes.yaml")
    assert gpus_wanted(request(*configured), config) == 6
    assert gpus_wanted(request(*configured, "-tp", "1"), config) == 3


def test_a_cluster_is_all_there_is() -> None:
    assert gpus_wanted(replace(request("sleep", "infinity"), idle=True), "") == MANY
    assert gpus_wanted(replace(request("python", "x.py"), backend=Backend.RAY), "") == MANY


def test_who_was_found_is_said() -> None:
    first, *more = notes(Found((HERE, THERE)))
    assert first == "found spark2 at 192.168.177.12: a Spark (scan of 192.168.177.0/24)"
    assert more == ["to keep them: sparkup detect --write; without them: --solo"]


def test_that_nobody_was_found_is_said() -> None:
    left = Left("192.168.177.13", ("neighbour table",), "not-gb10", "nas has no GB10, so it is no Spark")
    assert notes(Found((HERE,), (left,), ("it is large",), ("192.168.177.0/24",))) == (
        "no other Spark was found in 192.168.177.0/24: spark1 is alone",
        "not taken: 192.168.177.13: nas has no GB10, so it is no Spark",
        "it is large",
    )
    assert notes(Found((HERE,))) == ()


def test_who_keeps_us_out_is_a_problem() -> None:
    left = [
        Left("a", (), "host-key-unknown", "the host's key is not known yet", "log in once"),
        Left("b", (), "login-refused", "the login was refused"),
        Left("c", (), "not-gb10", "c has no GB10"),
    ]
    first, second = locked(left, 2)
    assert (first.code, first.where) == ("host-key-unknown", "a")
    assert first.hint == "log in once; name hosts with -n, or say --solo"
    assert second.hint == "name hosts with -n, or say --solo"
    assert locked(left, MANY) == (first,)


@pytest.mark.parametrize(
    ("argv", "there", "used"),
    [
        (SERVE, 2, 1),
        (SERVE, 8, 1),
        ((*SERVE, "-tp", "2"), 3, 2),
        ((*SERVE, "-tp", "2"), 2, 2),
        ((*SERVE, "-tp", "4"), 2, 2),  # there may be more GPUs than hosts
        ((*SERVE, "-tp", "2"), 4, 4),  # which of a ring, its cables say
        ((*SERVE, "--config", "sizes.yaml"), 2, 2),
        (("python", "x.py"), 2, 2),
    ],
)
def test_hosts_that_cannot_be_needed_are_left_out(argv: tuple[str, ...], there: int, used: int) -> None:
    hosts = [Host(f"spark{number}", "x") for number in range(there)]
    cut, told = enough(request(*argv, hosts=hosts))
    assert list(cut.hosts) == hosts[:used]
    assert bool(told) == (used < there)


def test_which_hosts_are_left_out_is_said() -> None:
    hosts = [Host(f"spark{number}", "x") for number in range(3)]
    _, told = enough(request(*SERVE, hosts=hosts))
    assert told == ("the command needs 1 of 3 hosts (-tp x -pp x -dp); not used: spark1, spark2",)


def test_what_to_do_about_a_host_that_is_off() -> None:
    off = HostUnreachable(
        Problem("host-unreachable", "it is off", "b", "see"),
        Problem("host-unreachable", "it is off", "c"),
        Problem("login-refused", "no", "d", "key"),
    )
    way = "to launch without it, name the others with -n, or say --solo"
    pair = [Host("a", "a"), Host("b", "b")]
    told = without(off, request("cat", hosts=pair))
    assert [each.hint for each in told.problems] == [f"see; {way}", way, "key"]
    assert without(off, request(*SERVE, hosts=pair[1:])) is off
    assert without(off, request(*SERVE, hosts=pair)).problems == told.problems
    assert without(off, request(*SERVE, "-tp", "2", hosts=pair)) is off, "it needs both"
