"""The project's own plugin, in a checkout that is not installed."""

import importlib


def pytest_configure(config):
    """Installed, it is here already, under the name of its entry point."""
    if not config.pluginmanager.has_plugin("feed"):
        config.pluginmanager.register(importlib.import_module("feed.pytest_plugin"), "feed")
