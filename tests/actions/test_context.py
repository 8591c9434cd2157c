"""Connections to several hosts: whose keys are asked about, how often, and what then is wrong with whom."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tests.connect.served import NAME, Served, serve

from sparkup.actions.context import Context
from sparkup.connect.host_keys import HostKey
from sparkup.domain.event import Event
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, Problem
from sparkup.run.interrupts import Interrupts

pytestmark = pytest.mark.anyio
HOST = Host(NAME, NAME)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A host whose key is not known."""
    async with serve() as host:
        host.known_hosts.write_text("")
        yield host


class Yes:
    """Says yes to all keys, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, keys: Sequence[HostKey]) -> bool:
        self.asked += len(keys)
        return True


def context(served: Served, owner: Yes) -> Context:
    def ignored(_: Event) -> None: ...

    return Context(ignored, Interrupts(), Path("/nowhere"), served.options(), owner)


def keep_keys_in(served: Served, file: str) -> None:
    config = served.folder / "config"
    config.write_text(config.read_text().replace(f"{served.known_hosts}", f'"{file}"'))


async def refused(served: Served, owner: Yes) -> Problem:
    with pytest.raises(HostUnreachable) as caught:
        async with context(served, owner).connected([HOST]):
            pytest.fail("it let us in")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("file", ["/dev/null", "{}/my folder/known_hosts", "none"])
async def test_nobody_is_asked_about_a_key_that_no_known_file_would_keep(served: Served, file: str) -> None:
    keep_keys_in(served, file.format(served.folder))
    before, owner = {*served.folder.iterdir()}, Yes()
    problem = await refused(served, owner)
    assert (owner.asked, {*served.folder.iterdir()}) == (0, before)
    assert problem.code == "host-key-unknown"
    assert f"`ssh -F {served.folder}/config {NAME} true`" in problem.hint


async def test_a_key_is_asked_about_once_even_if_ssh_looks_for_it_elsewhere(served: Served) -> None:
    keep_keys_in(served, f"{served.folder}/a /known_hosts")  # in the folder "a ": `ssh -G` has no quotes
    owner = Yes()
    problem = await refused(served, owner)
    assert (owner.asked, problem.code) == (1, "host-key-unknown")


async def test_a_key_that_cannot_be_written_is_the_problem_of_its_host_alone(served: Served) -> None:
    async with serve() as other:
        other.known_hosts.write_text("")
        lines = (other.folder / "config").read_text().replace(f"Host {NAME}", "Host other")
        keep_keys_in(served, "/proc/no/folder")
        config = served.folder / "config"
        config.write_text(f"{config.read_text()}{lines}")
        owner = Yes()
        async with context(served, owner).reached([HOST, Host("other", "other")]) as (there, (problem,)):
            assert list(there) == ["other"]
        assert len(other.known_hosts.read_text().splitlines()) == 1
    assert owner.asked == 2
    assert (problem.code, problem.where) == ("file-not-written", NAME)
    assert "/proc/no/folder: No such file" in problem.message
