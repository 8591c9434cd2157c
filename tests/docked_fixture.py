"""A pytest plugin: simulated hosts with docker and podman, booted when the first test asks for them."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.docked import RECORDED, Docked, docked, prepare
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted, sweep
from tests.user import FAKES, User

TRIXIE = "/var/cache/trixie"
E2E = (pytest.mark.e2e, pytest.mark.simhosts)
BEDS = ("docker_20", "docker_26", "podman_4")
DOCKERS = ("docker_20", pytest.param("docker_26", marks=pytest.mark.e2e))
ENGINES = (*DOCKERS, pytest.param("podman_4", marks=pytest.mark.e2e))


@pytest.fixture(scope="session")
def docker_20() -> Iterator[Testbed]:
    """A host with the Docker of this machine, which in Debian 12 is 20.10."""
    yield from _bed()


@pytest.fixture(scope="session")
def docker_26() -> Iterator[Testbed]:
    """A host with the Docker of Debian 13."""
    yield from _bed(base=TRIXIE)


@pytest.fixture(scope="session")
def podman_4() -> Iterator[Testbed]:
    """A host with the podman of this machine, which in Debian 12 is 4.3.1; it has docker as well."""
    yield from _bed("podman")


@pytest.fixture(scope="session")
def docker_20_pair() -> Iterator[Testbed]:
    """Two hosts with the Docker of this machine, and the same image on both."""
    yield from _bed(count=2)


@pytest.fixture(scope="session")
def docker_26_pair() -> Iterator[Testbed]:
    """Two hosts with the Docker of Debian 13."""
    yield from _bed(base=TRIXIE, count=2)


@pytest.fixture(scope="session")
def podman_4_pair() -> Iterator[Testbed]:
    """Two hosts with the podman of this machine."""
    yield from _bed("podman", count=2)


def skip_unless_there(engine: str = "docker", base: str = "") -> None:
    """Skip where a simulated host cannot have an engine of a Debian tree ("": this machine's)."""
    skip_unless_able("docker")
    if not shutil.which(engine):
        pytest.skip(f"{engine} is not installed (apt-get install --no-install-recommends {engine})")
    if base and not Path(base).is_dir():
        pytest.skip(f"there is no {base} (tests/testbed/README.md: Another Docker)")


def _bed(engine: str = "docker", base: str = "", count: int = 1) -> Iterator[Testbed]:
    skip_unless_there(engine, base)
    sweep()
    with booted(Setup(hosts=count, engine="docker", shares=(FAKES.parent, RECORDED), base=base)) as bed:
        prepare(bed, engine)
        yield bed


def _somebody(request: pytest.FixtureRequest, home: Path) -> AbstractContextManager[Docked]:
    bed, engine = request.getfixturevalue(request.param), request.param.partition("_")[0]
    return docked(bed, home, engine=engine)


@pytest.fixture(params=DOCKERS)
def dock(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Docked]:
    """Somebody whose launches run in containers; the test finds the host as empty as it leaves it."""
    with _somebody(request, tmp_path / "home") as user:
        yield user


@pytest.fixture(params=ENGINES)
def contained(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Docked]:
    """The same in containers of any engine."""
    with _somebody(request, tmp_path / "home") as user:
        yield user


@pytest.fixture(params=["here", *(pytest.param(each, marks=E2E) for each in BEDS)])
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[User]:
    """Somebody whose launches run on this machine, or in containers of a simulated host."""
    if request.param == "here":
        yield request.getfixturevalue("user")
        return
    with _somebody(request, tmp_path / "home") as user:
        yield user


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses such a host as what uses simulated hosts."""
    for item in items:
        if isinstance(item, pytest.Function) and {"dock", "contained"} & {*item.fixturenames}:
            item.add_marker("simhosts")
