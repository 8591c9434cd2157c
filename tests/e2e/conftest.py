"""Launches on simulated hosts over OpenSSH: each test finds the hosts as whole as it leaves them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked_fixture import E2E
from tests.e2e.control import Control, control
from tests.e2e.pairs import Pair, paired
from tests.simhosts.hosts import Testbed

CONTAINERS = [pytest.param(each, marks=E2E) for each in ("docker_20_pair", "docker_26_pair", "podman_4_pair")]


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


@pytest.fixture(params=["simhosts", *CONTAINERS])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Somebody with two hosts, whose ranks run in containers or not; nothing of a launch is left there."""
    hosts: Testbed = request.getfixturevalue(request.param)
    hosts.grow(2)
    engine = request.param.partition("_")[0]
    with paired(hosts, tmp_path / "home", "host" if engine == "simhosts" else engine) as somebody:
        yield somebody
