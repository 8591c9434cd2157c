"""The testbed's own proof with container engines: build, ship and run images between hosts."""

import os

import pytest
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import SIMHOSTS, run


@pytest.mark.e2e
@pytest.mark.simhosts
def test_the_testbed_proves_itself() -> None:
    skip_unless_able("docker")
    name = f"SIMHOSTS_NAME=t{os.getpid():x}s"
    proof = run(["env", name, str(SIMHOSTS.parent / "selftest")], timeout=240)
    assert proof.stdout.splitlines()[-1].endswith(" passed, 0 failed")
