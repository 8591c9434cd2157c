"""Hosts behind others: what keeps us out is told of whoever said it, and nobody is waited for twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncssh
import pytest
from tests.connect.served import NAME, Served, serve

from sparkup.connect.openssh import OpenSSH
from sparkup.connect.refusals import on_the_way
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, Problem

pytestmark = pytest.mark.anyio
BEHIND = Host("behind", "behind", via=NAME)


def lies_behind(served: Served, behind: Served, port: str = "") -> None:
    """Let the configuration of one host know another, on another port if one is given."""
    lines = (behind.folder / "config").read_text().replace(f"Host {NAME}", f"Host {BEHIND.name}")
    if port:
        lines = lines.replace("  Port ", f"  Port {port}\n  #")
    config = served.folder / "config"
    config.write_text(f"{config.read_text()}{lines}")


async def refused(served: Served) -> Problem:
    with pytest.raises(HostUnreachable) as refusal:
        async with OpenSSH(BEHIND, served.options(connect_timeout=1)):
            pytest.fail("it let us in")
    (problem,) = refusal.value.problems
    assert f"`ssh -F {served.folder}/config -J {NAME} behind` " in problem.hint
    return problem


async def test_a_host_on_the_way_that_refuses_the_login_is_named(served: Served) -> None:
    async with serve() as behind:
        for name in ("config", "known_hosts"):
            file = served.folder / name
            file.write_text(file.read_text().replace("127.0.0.1", "localhost"))
        lies_behind(served, behind)
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(served.folder / "id")
        problem = await refused(served)
    assert problem.code == "login-refused"
    assert "at a host on the way" in problem.message
    assert "@localhost: Permission denied (publickey)" in problem.message
    assert not [line for line in problem.details if line in problem.message], "it was said already"


def test_that_the_host_itself_refuses_who_offers_no_login_says_nothing_of_the_way() -> None:
    words = "root@127.0.0.1: Permission denied (publickey).\r\n"  # of OpenSSH 9.2
    assert on_the_way(BEHIND, words, "root@127.0.0.1") is None
    assert on_the_way(BEHIND, words, "root@10.0.0.2") is not None


@contextlib.asynccontextmanager
async def silent() -> AsyncIterator[tuple[str, list[str]]]:
    """Yield a port that takes connections and says nothing, and what came there."""
    came: list[str] = []

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append((await reader.readline()).decode())
        await reader.read()
        writer.close()

    async with await asyncio.start_server(waits, "127.0.0.1", 0) as server:
        yield str(server.sockets[0].getsockname()[1]), came


async def test_who_says_nothing_is_waited_for_once(served: Served) -> None:
    async with serve() as behind, silent() as (port, came):
        lies_behind(served, behind, port)
        problem = await refused(served)
    assert problem.code == "host-unreachable"
    assert "timed out" in problem.message
    assert len(came) == 1
