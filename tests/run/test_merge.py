"""The logs of several ranks as one, from programs that tell them as node/timed.py does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sparkup.connect.local import Local
from sparkup.connect.stream import Ended, Running
from sparkup.domain.command import Command
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, Problem
from sparkup.run.merge import Line, Source, ahead, merge

pytestmark = pytest.mark.anyio


def source(rank: int, *records: object, ahead: float = 0.0, then: str = "") -> Source:
    lines = [json.dumps({"rank": rank}), *(json.dumps(each) for each in records)]
    script = 'for each; do printf "%s\\n" "$each"; done; ' + then
    return Source(Local(Host(f"spark{rank}")), ("sh", "-c", script, "sh", *lines), ahead)


def line(at: float, text: str) -> dict[str, object]:
    return {"at": at, "line": text}


async def merged(*sources: Source) -> list[Line]:
    found: list[Line] = []
    await merge(sources, found.append)
    return found


async def test_lines_are_in_the_order_of_their_times_on_our_clock() -> None:
    first = source(0, line(1, "a"), line(4, "d"), {"live": True})
    second = source(1, line(102, "b"), line(103, "c\udcff"), {"live": True}, ahead=100)
    found = await merged(first, second)
    assert [(each.at, each.rank, each.host, each.data) for each in found] == [
        (1, 0, "spark0", b"a"),
        (2, 1, "spark1", b"b"),
        (3, 1, "spark1", b"c\xff"),
        (4, 0, "spark0", b"d"),
    ]


async def test_a_clock_that_was_set_back_changes_no_order() -> None:
    found = await merged(source(0, line(5, "a"), line(3, "b")), source(1, line(4, "c")))
    assert [each.data for each in found] == [b"c", b"a", b"b"]


async def test_what_is_new_comes_as_it_comes() -> None:
    slow = source(0, line(1, "a"), {"live": True}, then=f"sleep 0.5; echo '{json.dumps(line(2, 'late'))}'")
    quick = source(1, line(3, "b"), {"live": True}, line(9, "new"))
    assert [each.data for each in await merged(slow, quick)] == [b"a", b"b", b"new", b"late"]


async def test_one_that_breaks_off_keeps_no_other() -> None:
    broken, odd = source(0, then="echo why >&2; exit 5"), source(1, then="echo 'no JSON'")
    none = Source(Local(Host("spark2")), ("sh", "-c", "exit 69"))
    good = source(3, line(1, "a"))
    assert [each.data for each in await merged(broken, odd, none, good)] == [b"a"]
    assert broken.problem is not None
    assert (broken.problem.code, broken.problem.details) == ("step-failed", ("why",))
    assert odd.problem is not None
    assert odd.problem.code == "bad-answer"
    assert (none.problem, none.head, good.problem) == (None, {}, None)


async def test_how_far_a_clock_is_ahead() -> None:
    assert await ahead(Local()) == 0.0  # it is ours
    assert abs(await ahead(Local(Host("spark1", "spark1")))) < 1.0


class Lost(Local):
    """A host that cannot be reached any more."""

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[Running | Ended]:
        raise HostUnreachable(Problem("host-unreachable", "the host cannot be reached", self.host.name))
        yield  # pragma: no cover


async def test_a_host_that_is_lost_keeps_no_other() -> None:
    lost = Source(Lost(Host("spark0")), ("true",))
    known = Source(Local(Host("spark2")), (), problem=Problem("host-unreachable", "gone", "spark2"))
    assert [each.data for each in await merged(lost, known, source(1, line(1, "a")))] == [b"a"]
    assert lost.problem is not None
    assert (lost.problem.code, lost.problem.where) == ("host-unreachable", "spark0")
