"""What all tests share: the project's own plugin, in a checkout that is not installed; no deadlines."""

import importlib

from hypothesis import settings

# How long an example takes is the machine's load, not the code's.
settings.register_profile("feed", deadline=None)
settings.load_profile("feed")


def pytest_configure(config):
    """Installed, it is here already, under the name of its entry point."""
    if not config.pluginmanager.has_plugin("feed"):
        config.pluginmanager.register(importlib.import_module("feed.pytest_plugin"), "feed")
