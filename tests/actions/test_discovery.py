"""A search says what it could not do: a scan that fails, a host that is odd, the time that is over."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from tests.actions.searching import Owner, context, public
from tests.connect.served import NAME, Served, serve
from tests.planning.members import seen

from sparkup.actions.discovery import Hunt, discovered
from sparkup.connect.local import Local
from sparkup.connect.master import Options
from sparkup.domain.discovery import Search, Sighting
from sparkup.domain.host import LOCAL
from sparkup.facts.identity import IDENTITY, fingerprint
from sparkup.planning.discovery import found_host
from sparkup.run import gather

pytestmark = pytest.mark.anyio
HERE = found_host("", "", ("this machine",), seen())
SCANNED = "192.168.177.0/24"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A host that this machine knows."""
    async with serve() as host:
        yield host


@pytest.fixture
async def hunt(tmp_path: Path) -> AsyncIterator[Hunt]:
    """A search that begins here; tests stand their own program in for this machine's Python."""
    async with AsyncExitStack() as stack:
        there = Hunt(stack, context(Options(folder=tmp_path)), Search())
        there.keep(HERE, seen(), Local())
        yield there


def python(folder: Path, script: str) -> Local:
    """Return this machine with a Python that a shell script stands in for."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return Local(python=str(file))


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        'echo \'{"answers": {"scan\\u0000scan": {"error": "OSError"}}}\'',
        'echo \'{"answers": {"scan\\u0000scan": {"scan": [["enp1s0f1np1", "junk"]]}}}\'',
    ],
    ids=["broken", "no answer", "junk"],
)
async def test_a_scan_that_fails_is_said(hunt: Hunt, tmp_path: Path, script: str) -> None:
    hunt.connections[HERE.key] = python(tmp_path, script)
    await hunt.look_from([HERE])
    (note,) = hunt.notes
    assert note.startswith(f"{SCANNED} could not be scanned from spark1: ")
    assert (hunt.scanned, hunt.heard) == ([], set())


async def test_a_scan_that_found_nobody_is_one(hunt: Hunt, tmp_path: Path) -> None:
    hunt.connections[HERE.key] = python(tmp_path, 'echo \'{"answers": {"scan\\u0000scan": {"scan": []}}}\'')
    await hunt.look_from([HERE])
    assert (hunt.notes, hunt.scanned) == ([], [SCANNED, "192.168.178.0/24"])


async def test_a_scan_has_the_time_that_it_needs(
    hunt: Hunt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "TIMEOUT", 0.1)
    slow = 'sleep 0.5; echo \'{"answers": {"scan\\u0000scan": {"scan": []}}}\''
    hunt.connections[HERE.key] = python(tmp_path, slow)
    await hunt.look_from([HERE])
    assert hunt.scanned


async def test_whoever_refuses_is_tried_through_the_host_that_told_of_it(served: Served) -> None:
    """With the same numbers it may be another machine. Here it is the same one, and refuses again."""
    async with serve() as other, AsyncExitStack() as stack:
        config = served.folder / "config"
        there = other.folder.joinpath("config").read_text().replace(f"Host {NAME}", "Host 10.1.1.1")
        there = there.replace(str(other.folder / "id"), str(served.folder / "id"))
        config.write_text(config.read_text() + there)
        seeking = Hunt(stack, context(served.options()), Search(), cabled=(IPv4Network("10.1.1.0/24"),))
        await seeking.take([Sighting("10.1.1.1", ("told",), via=NAME)], ())
        assert served.logins == 1, "on the way"
        assert [(each.address, each.code) for each in seeking.left] == [("10.1.1.1", "login-refused")]
        away = [Sighting("10.1.1.1", ("told",), via="nowhere.invalid")]
        await seeking.take(away, ())
        assert seeking.left[1].code == "login-refused"


async def test_after_its_time_a_search_begins_nothing(hunt: Hunt) -> None:
    hunt.begun = time.monotonic() - 61
    await hunt.take([Sighting("nowhere.invalid", ("told",))], ())
    assert hunt.notes == ["the search ended after 60 s: 1 addresses that were seen were not tried"]
    assert hunt.left == []
    hunt.search = replace(hunt.search, large=True)
    assert not hunt.late, "large networks take longer"


async def test_the_time_of_a_question_is_not_the_searchs(hunt: Hunt) -> None:
    async def slow(_: object) -> bool:
        await asyncio.sleep(0.2)
        return True

    begun = hunt.begun
    assert await hunt.unhurried(slow)(())
    assert hunt.begun >= begun + 0.2
    assert not await hunt.unhurried(None)(())


async def test_a_host_is_known_by_the_key_that_it_shows(served: Served) -> None:
    """It is this very machine, which tells of other keys in /etc/ssh, or of none."""
    sighted = Sighting(NAME, ("in the inventory as two",), "two")
    around = context(served.options(), Owner())
    async with discovered(LOCAL, [sighted], Search(scan=False, enough=1), around) as (found, hunt):
        here, there = found.hosts
        assert (there.name, there.key) == ("two", public(served))
        told = hunt.seen[here.key][IDENTITY].keys
        says = f"{NAME} has the SSH host key {fingerprint(there.key)}, and tells of others as its own"
        assert (says in found.notes) is bool(told)
