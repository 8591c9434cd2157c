"""Launches on simulated hosts over OpenSSH: each test finds the hosts as whole as it leaves them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.control import Control, control
from tests.simhosts.hosts import Testbed


@pytest.fixture
def somebody(simhosts: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody at the control workstation; at the end no launch is left on the first host."""
    with control(simhosts, tmp_path / "home") as there:
        there.model(1)
        yield there
        there.clean(1)


@pytest.fixture
def other(simhosts: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody else, at another control machine as far as its files go."""
    with control(simhosts, tmp_path / "other") as there:
        yield there
