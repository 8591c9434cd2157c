"""Effects are tried on this machine."""

import pytest

from sparkup.connect.local import Local


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """asyncio is what we are written for."""
    return "asyncio"


@pytest.fixture
def local() -> Local:
    """This machine; there is nothing to open or close."""
    return Local()
