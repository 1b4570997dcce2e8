"""
A market data feed to build against.

One simulated market, spoken over WebSocket in published protocols, the same bytes on every run::

    import feed, trio

    trio.run(feed.serve, feed.Settings(port=8080, seed=7))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feed.settings import Flow, Limits, Settings

if TYPE_CHECKING:
    from feed.server.serve import serve

__all__ = ["Flow", "Limits", "Settings", "__version__", "serve"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the server when it is asked for: ``feed --help`` and the pure rooms do without it."""
    if name == "serve":
        from feed.server.serve import serve  # noqa: PLC0415

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
