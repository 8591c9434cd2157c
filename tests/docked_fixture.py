"""A pytest plugin: simulated hosts with Docker, booted when the first test asks for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked import RECORDED, Docked, docked, prepare
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted, sweep
from tests.user import FAKES, User

TRIXIE = "/var/cache/trixie"
E2E = (pytest.mark.e2e, pytest.mark.simhosts)
DOCKERS = ("docker_20", pytest.param("docker_26", marks=pytest.mark.e2e))


@pytest.fixture(scope="session")
def docker_20() -> Iterator[Testbed]:
    """A host with the Docker of this machine, which in Debian 12 is 20.10."""
    skip_unless_able("docker")
    yield from _bed("")


@pytest.fixture(scope="session")
def docker_26() -> Iterator[Testbed]:
    """A host with the Docker of Debian 13."""
    skip_unless_able("docker")
    if not Path(TRIXIE).is_dir():
        pytest.skip(f"there is no {TRIXIE} (tests/testbed/README.md: Another Docker)")
    yield from _bed(TRIXIE)


def _bed(base: str) -> Iterator[Testbed]:
    sweep()
    with booted(Setup(hosts=1, engine="docker", shares=(FAKES.parent, RECORDED), base=base)) as bed:
        prepare(bed)
        yield bed


@pytest.fixture(params=DOCKERS)
def dock(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Docked]:
    """Somebody whose launches run in containers; the test finds the host as empty as it leaves it."""
    with docked(request.getfixturevalue(request.param), tmp_path / "home") as user:
        yield user


@pytest.fixture(params=["here", *(pytest.param(each, marks=E2E) for each in ("docker_20", "docker_26"))])
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[User]:
    """Somebody whose launches run on this machine, or in containers of a simulated host."""
    if request.param == "here":
        yield request.getfixturevalue("user")
        return
    with docked(request.getfixturevalue(request.param), tmp_path / "home") as user:
        yield user


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses such a host as what uses simulated hosts."""
    for item in items:
        if isinstance(item, pytest.Function) and "dock" in item.fixturenames:
            item.add_marker("simhosts")
