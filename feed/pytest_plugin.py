"""
The pytest plugin: fixture ``feed_server`` and marker ``feed``. See :mod:`feed.testing`.

Loaded in every run of pytest on the machine, so nothing is imported here that a test has not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from feed.testing import FeedServer


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "feed(scenario, seed, dialect, speed, ...): what the fixture feed_server serves"
    )


@pytest.fixture
def feed_server(request: pytest.FixtureRequest) -> Iterator[FeedServer]:
    """A running server for this test alone; the marker ``feed`` says what it serves."""
    from feed.testing import FeedServer  # noqa: PLC0415

    marker = request.node.get_closest_marker("feed")
    if marker is None:
        server = FeedServer()
    else:
        try:
            server = FeedServer(*marker.args, **marker.kwargs)
        except TypeError as problem:
            raise pytest.UsageError(f"@pytest.mark.feed of {request.node.nodeid}: {problem}") from None
    with server:
        yield server
