"""
Tradyn's tick server: one JSON object a message, authenticate within thirty seconds, bid and ask.

Source: "WebSocket API, Real-Time WebSocket Streaming" of the Tradyn documentation; ``NOTES.md``
beside this file has the reading of it, line by line.
"""

from __future__ import annotations

from feed.dialects.contract import Desk, Dialect, Opening
from feed.dialects.tradyn.encode import TickEncoder
from feed.dialects.tradyn.session import TradynSession
from feed.model.instruments import Instrument
from feed.model.latest import Latest
from feed.model.topics import Topic

__all__ = ["DIALECT"]


class Tradyn:
    """The dialect itself: no state, only what it is called and what it makes."""

    name = "tradyn"
    title = "Tradyn tick server"
    path = "/tradyn"
    aliases: tuple[str, ...] = ()
    root_query: str | None = ""

    def session(self, opening: Opening, desk: Desk) -> TradynSession:
        """Begin a conversation. Nothing in the request is refused: keys come in a message."""
        del opening
        return TradynSession(desk)

    def encoder(self, topic: Topic, instrument: Instrument, latest: Latest) -> TickEncoder:
        """Ticks are the only topic."""
        return TickEncoder(instrument, latest.quote(topic.instrument))


DIALECT: Dialect = Tradyn()
