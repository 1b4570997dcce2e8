"""
A market data feed to build against.

One simulated market, spoken over WebSocket in published protocols, the same bytes on every run::

    import feed, trio

    trio.run(feed.serve, feed.Settings(port=8080, seed=7))
"""

from __future__ import annotations

from feed.settings import Flow, Limits, Settings

__all__ = ["Flow", "Limits", "Settings", "__version__"]

__version__ = "0.1.0"
