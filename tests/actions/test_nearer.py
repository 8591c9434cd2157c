"""Whoever was found through another is reached without it only where its own key is shown and known."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.actions.searching import Owner, also_called, context, public
from tests.connect.served import NAME, Served, serve
from tests.planning.members import KEY

from sparkup.actions.nearer import nearer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A host whose key is not known."""
    async with serve() as host:
        host.known_hosts.write_text("")
        yield host


async def reached(
    served: Served, *, key: str = "", owner: Owner | None = None, accept: bool = False, address: str = NAME
) -> list[str]:
    """Return where the host of a key is reached, if it says that it is at an address."""
    options = served.options(accept_new_host_keys=accept)
    async with AsyncExitStack() as stack:
        found = await nearer(stack, context(options, owner), {key or public(served): [address]})
    return [host.address for host, _ in found.values()]


async def test_a_key_that_is_not_known_is_written_down_by_nobody(served: Served) -> None:
    assert await reached(served) == []
    assert (served.known_hosts.read_text(), served.logins) == ("", 0)


async def test_a_key_that_is_not_known_is_asked_about(served: Served) -> None:
    no, yes = Owner(), Owner(trusts=True)
    assert await reached(served, owner=no) == []
    assert (no.asked, served.known_hosts.read_text()) == ([NAME], "")
    assert await reached(served, owner=yes) == [NAME]
    assert (yes.asked, len(served.known_hosts.read_text().splitlines())) == ([NAME], 1)
    assert await reached(served, owner=no) == [NAME]
    assert no.asked == [NAME], "once"


async def test_who_takes_new_keys_is_not_asked(served: Served) -> None:
    assert await reached(served, accept=True) == [NAME]


async def test_another_machine_at_the_address_is_not_logged_in_to(served: Served) -> None:
    """Whatever the user says of keys: this one is not the host's."""
    owner = Owner(trusts=True)
    assert await reached(served, key=KEY, owner=owner, accept=True) == []
    assert (owner.asked, served.known_hosts.read_text(), served.logins) == ([], "", 0)


async def test_each_host_is_decided_for_itself(served: Served) -> None:
    also_called(served, "another")
    async with AsyncExitStack() as stack:
        near = {KEY: ["another"], public(served): ["nowhere.invalid", NAME]}
        found = await nearer(stack, context(served.options(), Owner(trusts=True)), near)
        assert [(key, host.address) for key, (host, _) in found.items()] == [(public(served), NAME)]


async def test_nobody_is_near(served: Served) -> None:
    async with AsyncExitStack() as stack:
        assert await nearer(stack, context(served.options()), {}) == {}
