"""What all tests share: the project's own plugin, in a checkout that is not installed; no deadlines."""

import importlib

import pytest
import structlog
from hypothesis import settings

# How long an example takes is the machine's load, not the code's.
settings.register_profile("feed", deadline=None)
settings.load_profile("feed")


def pytest_configure(config):
    """Installed, it is here already, under the name of its entry point."""
    if not config.pluginmanager.has_plugin("feed"):
        config.pluginmanager.register(importlib.import_module("feed.pytest_plugin"), "feed")


@pytest.fixture(autouse=True)
def _logs_as_before():
    """What captures logs leaves structlog configured, and every server after it would write to stdout."""
    configured = structlog.is_configured()
    yield
    if not configured and structlog.is_configured():
        structlog.reset_defaults()
