"""What all tests may ask for: simulated hosts, a tiny disk, a user, the oldest Python for hosts."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.disks import mounted, skip_unless_able
from tests.pythons import oldest
from tests.simhosts.hosts import Setup
from tests.user import FAKES, ROOT, User

# A shell that starts us in the background has keys of the terminal ignored, nohup the hangup, and programs
# inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

pytest_plugins = [
    "tests.simhosts.fixture",
    "tests.docked_fixture",
    "tests.e2e.image_shop_fixture",
    "tests.managed",
]


@pytest.fixture(scope="session")
def simhosts_setup() -> Setup:
    """Simulated hosts that can run the fake engine: its program, and the logs that it repeats."""
    return Setup(shares=(FAKES.parent, ROOT / "tests" / "fixtures" / "engine_log"))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own that holds 512 KiB."""
    skip_unless_able()
    with mounted(tmp_path / "disk", "size=512k") as folder:
        yield folder


@pytest.fixture(scope="session")
def oldest_python() -> str:
    """The oldest Python that programs for hosts promise to run on; skips where it is not installed."""
    found = oldest()
    if not found:
        pytest.skip("there is no Python 3.8 on this machine (pyenv install 3.8)")
    return found


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Somebody at this machine; nothing that they start outlives the test."""
    home = tmp_path / "home"
    home.mkdir()
    somebody = User(home)
    yield somebody
    somebody.close()
