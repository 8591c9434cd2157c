"""Makes the fixture known here, whether or not tests/conftest.py has named it."""

import pytest

PLUGIN = "tests.simhosts.fixture"


def pytest_configure(config: pytest.Config) -> None:
    """Register it once: two definitions would be two testbeds."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.import_plugin(PLUGIN)
