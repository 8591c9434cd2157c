"""What tests of actions have in common."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """asyncio is what we are written for."""
    return "asyncio"
