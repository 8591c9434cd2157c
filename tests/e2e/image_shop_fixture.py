"""A pytest plugin: pairs of hosts with images, booted when the first test asks for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked_fixture import TRIXIE, skip_unless_there
from tests.e2e.image_shop import Shop, opened, shop
from tests.simhosts.hosts import Testbed, sweep


@pytest.fixture(scope="session")
def bookworm_pair() -> Iterator[Testbed]:
    """Two hosts with Docker 20.10 and podman 4.3."""
    skip_unless_there("podman")
    yield from _pair()


@pytest.fixture(scope="session")
def trixie_pair() -> Iterator[Testbed]:
    """Two hosts with Docker 26.1."""
    skip_unless_there(base=TRIXIE)
    yield from _pair(TRIXIE)


def _pair(base: str = "") -> Iterator[Testbed]:
    sweep()
    with opened(base) as bed:
        yield bed


@pytest.fixture(params=["bookworm_pair docker", "trixie_pair docker", "bookworm_pair podman"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """Somebody who looks at the images of an engine on two hosts, which are then empty."""
    bed, engine = request.param.split()
    with shop(request.getfixturevalue(bed), tmp_path / "home", engine) as found:
        yield found


@pytest.fixture
def shop_20(bookworm_pair: Testbed, tmp_path: Path) -> Iterator[Shop]:
    """The same for what is not the engine's matter."""
    with shop(bookworm_pair, tmp_path / "home", "docker") as found:
        yield found


@pytest.fixture
def shop_26(trixie_pair: Testbed, tmp_path: Path) -> Iterator[Shop]:
    """The same with a docker that has two kinds of stores."""
    with shop(trixie_pair, tmp_path / "home", "docker") as found:
        yield found
