"""Hosts to try connections on; one of each kind serves a whole module."""

import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from tests.connect import real
from tests.connect.served import Served, serve

from sparkup.connect.base import Connection
from sparkup.connect.local import Local
from sparkup.connect.openssh import OpenSSH

Connect = Callable[[], Connection]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """asyncio is what we are written for."""
    return "asyncio"


@contextlib.asynccontextmanager
async def _local() -> AsyncIterator[Connect]:
    yield Local


@contextlib.asynccontextmanager
async def _asyncssh() -> AsyncIterator[Connect]:
    async with serve() as served:
        yield lambda: OpenSSH(served.host, served.options())


@contextlib.asynccontextmanager
async def _sshd() -> AsyncIterator[Connect]:
    async with real.serve_sshd() as (host, options):
        yield lambda: OpenSSH(host, options)


no_sshd = pytest.mark.skipif(bool(real.missing()), reason=real.missing() or "it is there")
KINDS = [
    pytest.param(_local, id="local"),
    pytest.param(_asyncssh, id="asyncssh"),
    pytest.param(_sshd, id="sshd", marks=no_sshd),
]


@pytest.fixture(scope="module", params=KINDS)
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    """Makes connections to one host."""
    async with request.param() as make:
        yield make


@pytest.fixture(scope="module")
async def connection(connect: Connect) -> AsyncIterator[Connection]:
    """An open connection, one for all tests of a module: they must not be in each other's way."""
    async with connect() as opened:
        yield opened


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A host of its own for one test."""
    async with serve() as host:
        yield host
