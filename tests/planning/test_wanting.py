"""Which launches look for more hosts, and what is said of the search."""

from dataclasses import replace

import pytest
from tests.planning.hosts import SERVE, request
from tests.planning.members import seen

from sparkup.domain.backend import Backend
from sparkup.domain.discovery import Found, Left
from sparkup.planning.discovery import found_host
from sparkup.planning.wanting import MANY, gpus_wanted, locked, notes

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
    assert gpus_wanted(request(*argv), idle=False) == gpus


def test_a_cluster_is_all_there_is() -> None:
    assert gpus_wanted(request("sleep", "infinity"), idle=True) == MANY
    assert gpus_wanted(replace(request("python", "x.py"), backend=Backend.RAY), idle=False) == MANY


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
    first, second = locked(left)
    assert (first.code, first.where) == ("host-key-unknown", "a")
    assert first.hint.startswith("log in once; sparkup detect")
    assert second.hint.startswith("sparkup detect")
