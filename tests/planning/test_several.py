"""Launches of several ranks as a whole, seen from all of their hosts or from some."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.planning.hosts import running
from tests.report.examples import ROW

from sparkup.domain.answer import Row, Whole
from sparkup.domain.launch import RankState
from sparkup.domain.peer import Peer
from sparkup.errors import HostUnreachable, InputRefused, Problem
from sparkup.planning.several import Asked, absent, groups, hearsay, missing, pick, together

NODES = ("a", "b")
NOW = 1000.0
LOST = {"b": Problem("host-unreachable", "it is off", "b")}


def rank(number: int, *peers: Peer, alive: bool = True) -> RankState:
    spec = {"engine": "host", "backend": "mp"}
    known = replace(running(alive=alive), rank=number, nodes=NODES, peers=peers, spec=spec, mine=True)
    return replace(known, attempt="x1")


def row(number: int, phase: str, because: str = "", status: int | None = None) -> Row:
    mine = replace(ROW, name="vllm_node", attempt="x1", rank=number, host=NODES[number], nodes=NODES)
    return replace(mine, phase=phase, because=because, exit_status=status, started=900.0, seconds=58.0)


def peer(number: int, state: str, silent: float | None, heard: float | None = None) -> Peer:
    return Peer(number, NODES[number], state, silent, heard)


def seen(
    ranks: Sequence[RankState], rows: Sequence[Row], hosts: Sequence[str] = NODES, lost: Sequence[str] = ()
) -> tuple[list[Row], Whole]:
    found = [(NODES[each.rank], each) for each in ranks]
    more, (whole,) = together(found, rows, Asked(hosts, lost, NOW))
    return more, whole


@pytest.mark.parametrize("phase", ["starting", "healthy", "ready", "unhealthy", "running"])
def test_while_all_ranks_live_it_is_as_its_head(phase: str) -> None:
    more, whole = seen([rank(1), rank(0)], [row(1, "running"), row(0, phase)])
    assert more == []
    assert (whole.phase, whole.because, whole.notes) == (phase, "", ())
    assert (whole.url, whole.nodes) == (ROW.url, NODES)


def test_a_rank_that_failed_beside_one_that_lives() -> None:
    _, whole = seen([rank(0), rank(1, alive=False)], [row(0, "ready"), row(1, "failed", status=137)])
    assert (whole.phase, whole.because) == ("degraded", "rank 1 on b failed (exit 137), 42 s ago")


def test_of_ranks_that_ended_the_one_that_did_so_by_itself_is_named() -> None:
    rows = [row(0, "failed", "rank 1 on b has ended (exit status 1)", 143), row(1, "lost")]
    _, whole = seen([rank(0, alive=False), rank(1, alive=False)], rows)
    assert (whole.phase, whole.because) == ("failed", "rank 1 on b was lost: killed, or its host went off")
    both = [
        row(0, "failed", "rank 1 on b has not been heard of for 15 s", 143),
        row(1, "failed", "same", 143),
    ]
    _, whole = seen([rank(0, alive=False), rank(1, alive=False)], both)
    assert whole.because.startswith(
        "rank 0 on a was ended: rank 1 on b has not been heard of for 15 s; rank 1"
    )


def test_what_was_stopped_has_ended() -> None:
    rows = [row(0, "ended", status=143), row(1, "failed", "rank 0 on a has ended (exit status 143)", 143)]
    _, whole = seen([rank(0, alive=False), rank(1, alive=False)], rows)
    assert (whole.phase, whole.because) == ("ended", "")
    more, whole = seen([rank(1, alive=False)], rows[1:])
    assert [each.phase for each in more] == ["gone"]
    assert whole.phase == "ended"


def test_a_host_out_of_reach_that_the_others_hear() -> None:
    more, whole = seen([rank(0, peer(1, "running", 0.4))], [row(0, "ready")], lost=["b"])
    assert [(each.rank, each.host, each.phase, each.because) for each in more] == [
        (1, "b", "unreachable", "rank 0 on a hears it")
    ]
    assert whole.phase == "ready"
    assert whole.notes == ("rank 1: b cannot be reached (rank 0 on a hears it)",)


def test_a_host_out_of_reach_that_the_others_miss() -> None:
    known = rank(0, peer(1, "running", 6.0, 970.0))
    _, whole = seen([known], [row(0, "ready")], lost=["b"])
    said = "rank 1: b cannot be reached (rank 0 on a has not heard of it for 30 s)"
    assert (whole.phase, whole.because, whole.notes) == ("degraded", said, ())
    over = replace(known, alive=False)
    _, whole = seen([over], [row(0, "failed", "rank 1 on b has not been heard of", 143)], lost=["b"])
    assert (whole.phase, whole.because) == ("failed", said)


def test_a_head_that_was_not_asked() -> None:
    more, whole = seen([rank(1, peer(0, "ready", 0.2))], [row(1, "running")], ["b"])
    assert [each.phase for each in more] == ["unasked"]
    assert (whole.phase, whole.url) == ("ready", "")
    assert whole.notes == ("rank 0 on a was not asked (rank 1 on b hears it)",)


def test_what_nobody_knows_is_unknown() -> None:
    _, whole = seen([rank(0)], [row(0, "ready")], ["a"])
    assert (whole.phase, whole.notes) == ("unknown", ("rank 1 on b was not asked",))


def test_who_hears_nobody_is_spoken_of() -> None:
    """What is missed when it is lost is told before it is."""
    deaf = rank(
        1, replace(peer(0, "", None), problem="no beats at 10.0.0.2 port 29501: Address already in use")
    )
    rows = [row(0, "ready"), row(1, "running")]
    said = "rank 1 on b hears no other rank: no beats at 10.0.0.2 port 29501: Address already in use"
    ready = replace(rank(0, peer(1, "", None)), verdict={"at": NOW - 16})
    _, whole = seen([ready, deaf], rows)
    assert (whole.phase, whole.notes) == ("ready", (said,))
    never = "rank 0 on a has never heard of rank 1 on b: does a firewall drop UDP between them?"
    hears = rank(1, peer(0, "ready", 0.1))
    assert seen([ready, hears], rows)[1].notes == (never,)
    assert seen([replace(ready, verdict={"at": NOW - 14}), hears], rows)[1].notes == ()
    assert seen([replace(ready, verdict={"at": True}), hears], rows)[1].notes == ()
    assert seen([replace(ready, alive=False), replace(deaf, alive=False)], rows)[1].notes == ()
    assert seen([ready, rank(1, alive=False)], [rows[0], row(1, "failed")])[1].notes == ()


def test_a_rank_of_which_nothing_is_left_beside_one_that_was_lost() -> None:
    over = rank(1, peer(0, "ready", 1.0), alive=False)
    _, whole = seen([over], [row(1, "lost")])
    assert whole.because == (
        "rank 0: nothing of it is left on a (rank 1 on b, which has ended too, heard it to the last); "
        "rank 1 on b was lost: killed, or its host went off"
    )


def test_what_ranks_know_of_each_other() -> None:
    def said(known: RankState) -> tuple[str, bool | None]:
        found = hearsay(1, [("a", known)], NOW)
        return found.text.removeprefix("rank 0 on a").lstrip(), found.alive

    assert said(rank(0, peer(1, "ended", 0.1))) == ("heard that it has ended", False)
    assert said(rank(0, peer(1, "", None))) == ("never heard of it", None)
    assert said(rank(0, peer(1, "running", 7.0))) == ("has not heard of it for 7 s", False)
    assert said(rank(0, peer(1, "ready", 1.0), alive=False)) == (
        ", which has ended too, heard it to the last",
        None,
    )
    assert hearsay(1, [("a", rank(0))], NOW).text == ""


def test_which_launches_have_several_ranks() -> None:
    odd = replace(rank(0), rank=7)
    alone, theirs = running("alone"), replace(rank(0), mine=False)
    found = [("b", rank(1)), ("a", alone), ("a", theirs), ("a", odd), ("a", rank(0))]
    assert groups(found) == {("vllm_node", "x1"): [("a", rank(0)), ("b", rank(1))]}
    assert missing([("b", rank(1))]) == {0: "a"}
    assert [each.message for each in absent([("b", rank(1))], {})] == ["rank 0 of vllm_node was not found"]
    assert list(absent([("a", rank(0))], LOST)) == [LOST["b"]]
    assert list(absent([("a", alone)], LOST)) == []


def test_a_rank_is_picked() -> None:
    assert pick("x", 1, NODES, {0: "a", 1: "c"}, {}) == "c"
    with pytest.raises(InputRefused, match="x has no rank 2, but ranks 0 to 1"):
        pick("x", 2, NODES, {0: "a"}, {})
    with pytest.raises(InputRefused, match="x has no rank 1, but rank 0 alone"):
        pick("x", 1, (), {0: "a"}, {})
    with pytest.raises(HostUnreachable, match="it is off"):
        pick("x", 1, NODES, {0: "a"}, LOST)
    with pytest.raises(InputRefused, match="rank 1 of x was not found"):
        pick("x", 1, NODES, {0: "a"}, {})
