"""What all tests share: the project's own plugin, in a checkout that is not installed; no deadlines."""

import gc
import importlib.util

import pytest
import structlog
from hypothesis import settings

# How long an example takes is the machine's load, not the code's.
settings.register_profile("feed", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=5)
settings.load_profile("feed")

pytest_plugins = ["processes", "browser"]

# Until somebody configures it, structlog has rich draw a traceback with every variable: seconds for each.
structlog.get_config()["processors"][-1].exception_formatter = structlog.dev.plain_traceback


def pytest_configure(config):
    """Installed, it is here already, under the name of its entry point."""
    if not config.pluginmanager.has_plugin("feed"):
        config.pluginmanager.register(importlib.import_module("feed.pytest_plugin"), "feed")


def pytest_collection_finish():
    """All that was loaded stays to the end: collections of garbage, a fifth of the time, pass it over."""
    gc.freeze()


def pytest_addoption(parser):
    parser.addoption("--newest-clients", action="store_true", help="other people's clients as newly released")
    wording = "write examples of messages into the folders of protocols, as they are told in tests"
    parser.addoption("--write-examples", action="store_true", help=wording)
    parser.addoption("--write-clients", action="store_true", help="write the table of these clients")
    minutes = "minutes of market time that other people's clients listen for"
    parser.addoption("--clients-minutes", type=float, default=0.5, help=minutes)


def pytest_collection_modifyitems(config, items):
    """
    Other people's clients are run where they are asked for.

    A test of named protocols is not run where the folder of one of them has been taken out.
    """
    if "clients" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("clients")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("clients")]
    for item in items:
        for mark in item.iter_markers("protocols"):
            for name in mark.args:
                if importlib.util.find_spec(f"feed.dialects.{name}") is None:
                    item.add_marker(pytest.mark.skip(reason=f"{name} has been taken out"))


@pytest.fixture(autouse=True)
def _logs_as_before():
    """What captures logs leaves structlog configured, and every server after it would write to stdout."""
    configured = structlog.is_configured()
    yield
    if not configured and structlog.is_configured():
        structlog.reset_defaults()
