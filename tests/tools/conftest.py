"""Fixtures for the tests of the entry scripts."""

from pathlib import Path

import pytest
from tests.tools.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that was never used."""
    return Checkout(tmp_path)
