"""Which launches a user means, and how they are stopped."""

from dataclasses import replace

import pytest
from tests.planning.hosts import folder, lines, running, seen, with_programs

from sparkup.domain.fact import Observed
from sparkup.errors import GateRefused, InputRefused, Problem
from sparkup.planning.stop import choose, found, program_for, step_ids, stop_plan, unknown

NAME = "node-0123456789ab.pyz"
A, B = running("a"), running("b", 8001)
NONE: Observed = {"h": seen(host="h"), "i": seen(host="i")}
ONE: Observed = {"h": seen(host="h", launches_=[A]), "i": seen(host="i")}
TWO: Observed = {"h": seen(host="h", launches_=[A, B]), "i": seen(host="i")}
SAME: Observed = {"h": seen(host="h", launches_=[A]), "i": seen(host="i", launches_=[A])}


def problem(name: str | None, there: Observed) -> Problem:
    with pytest.raises(InputRefused) as caught:
        choose(name, there, "logs")
    (only,) = caught.value.problems
    assert only.code == "unknown-launch"
    assert only.where == "h, i"
    return only


def test_the_only_launch_need_not_be_named() -> None:
    assert choose(None, ONE, "stop") == [("h", A)]
    assert choose(None, SAME, "stop") == [("h", A), ("i", A)]


def test_a_launch_that_is_named() -> None:
    assert choose("b", TWO, "stop") == [("h", B)]
    assert choose("a", SAME, "stop") == [("h", A), ("i", A)]
    assert found(TWO) == [("h", A), ("h", B)]


def test_one_of_several_has_to_be_named() -> None:
    told = problem(None, TWO)
    assert (told.message, told.hint) == (
        "there are several launches: a, b",
        "name one: sparkup logs a --host h",
    )


def test_a_name_that_is_not_there() -> None:
    assert problem("c", TWO).message == "no launch c (there: a, b)"
    assert problem("c", ONE).hint == "sparkup status shows what runs"


def test_where_there_is_nothing() -> None:
    assert problem(None, NONE).message == "nothing is launched"
    assert problem("a", NONE).message == "no launch a"
    assert problem("a", NONE).hint == "on another machine? name it with --host; start one: sparkup launch"
    assert unknown("a", (), ("h",), "stop").hint == "on another machine? name it with --host"


def test_a_program_that_is_missing_is_put_first() -> None:
    plan = stop_plan(found(ONE), ONE, NAME, b"12345")
    root = folder()
    assert lines(plan) == [
        "program h @ h: the program that looks after launches",
        f"    put   {root}/bin/{NAME} (5 bytes, mode 755)",
        "stop a on h @ h (after program h): stop a: SIGTERM first, then the rest of its tree",
        f"    run   /usr/bin/python3 -I {root}/bin/{NAME} stop a --root {root} --attempt a1b2c3d4",
    ]


def test_all_of_several_hosts() -> None:
    there = {host: seen(host=host, launches_=[A, B], machine_=with_programs(NAME)) for host in ("i", "h")}
    ids = [step.id for step in stop_plan(found(there), there, NAME, b"").steps]
    assert ids == ["stop a on h", "stop b on h", "stop a on i", "stop b on i"]


def test_a_launch_of_another_root_is_stopped_where_it_is() -> None:
    theirs = replace(A, folder="/var/lib/sparkup/launches/a")
    host = seen(launches_=[theirs])
    assert str(program_for(theirs, host, NAME).root) == "/var/lib/sparkup"
    assert program_for(theirs, host, NAME).file == folder("bin", NAME)


def test_two_users_may_have_launches_of_one_name() -> None:
    theirs = replace(A, folder="/var/lib/sparkup/launches/a", attempt="e5f6a7b8")
    there = {"h": seen(host="h", launches_=[A, theirs], machine_=with_programs(NAME))}
    targets = choose("a", there, "stop")
    plan = stop_plan(targets, there, NAME, b"")
    attempts = [line.split()[-1] for line in lines(plan) if "--attempt" in line]
    assert attempts == ["a1b2c3d4", "e5f6a7b8"]
    assert [step.id for step in plan.steps] == step_ids(targets) == ["stop a on h", "stop a on h (e5f6a7b8)"]


def test_nothing_to_stop_is_an_empty_plan() -> None:
    assert not stop_plan([], NONE, NAME, b"")


def test_another_users_launch_is_theirs_to_stop() -> None:
    foreign = replace(A, owner=0, mine=False)
    there: Observed = {"h": seen(host="h", launches_=[foreign, B])}
    assert found(there) == [("h", B)]
    assert choose(None, there, "stop") == [("h", B)]
    with pytest.raises(GateRefused) as refused:
        choose("a", there, "stop")
    (told,) = refused.value.problems
    assert (told.code, told.where) == ("not-yours", "h")
    assert told.hint == "as that user: sudo -u '#0' -H sparkup stop a"


def test_one_that_lives_comes_before_one_of_its_name_that_has_ended() -> None:
    ended = replace(A, alive=False, folder="/a/launches/a")
    there: Observed = {"h": seen(host="h", launches_=[ended, A])}
    assert choose("a", there, "logs")[0] == ("h", A)
