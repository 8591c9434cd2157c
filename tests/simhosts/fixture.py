"""A pytest plugin: the fixture `simhosts`, booted when the first test asks for it.

Named in `pytest_plugins` of tests/conftest.py, which may also override `simhosts_setup`.
"""

from collections.abc import Iterator

import pytest
from tests.simhosts.hosts import SIMHOSTS, Setup, Testbed, booted, lacks, sweep


@pytest.fixture(scope="session")
def simhosts_setup() -> Setup:
    """What the session's testbed is made of."""
    return Setup()


@pytest.fixture(scope="session")
def simhosts(simhosts_setup: Setup) -> Iterator[Testbed]:
    """Simulated hosts for the whole session: a test that breaks one repairs it."""
    skip_unless_able(simhosts_setup.engine)
    sweep()
    with booted(simhosts_setup) as testbed:
        yield testbed


def skip_unless_able(engine: str) -> None:
    """Skip, with the reason and the remedy, where this machine cannot simulate hosts."""
    if missing := lacks(engine):
        remedy = f"apt-get update && {SIMHOSTS} install --engine {engine}"
        pytest.skip(f"simulated hosts: {missing} (packages: {remedy})")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the hosts, so that `-m "not simhosts"` leaves out all of it."""
    for item in items:
        if isinstance(item, pytest.Function) and "simhosts" in item.fixturenames:
            item.add_marker("simhosts")
