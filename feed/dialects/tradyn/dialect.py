"""
Tradyn's tick server: one JSON object a message, authenticate within thirty seconds, bid and ask.

Source: "WebSocket API, Real-Time WebSocket Streaming" of the Tradyn documentation; ``NOTES.md``
beside this file has the reading of it, line by line.
"""

from __future__ import annotations

from feed.dialects.contract import Dialect, HandshakeRefusal, Opening, SessionContext
from feed.dialects.options import Conflated, options
from feed.dialects.tradyn.encode import TickEncoder, error
from feed.dialects.tradyn.session import TradynSession
from feed.errors import ProtocolError
from feed.model.instruments import Instrument
from feed.model.market_state import MarketState
from feed.model.topics import Encoder, Topic

__all__ = ["DIALECT"]


class Tradyn:
    """The dialect itself: no state, only what it is called and what it makes."""

    name = "tradyn"
    title = "Tradyn tick server"
    path = "/tradyn"
    aliases: tuple[str, ...] = ()
    root_query: str | None = ""
    trades = False

    def session(self, opening: Opening, context: SessionContext) -> TradynSession | HandshakeRefusal:
        """Begin a conversation. Keys come in a message; only a bad connection option is refused."""
        try:
            return TradynSession(context, options(opening.query))
        except ProtocolError as problem:
            return HandshakeRefusal(400, error(problem.message))

    def encoder(self, topic: Topic, instrument: Instrument, market_state: MarketState) -> Encoder:
        """Ticks are the only topic."""
        wanted = dict(topic.options)
        seq, thinned = "ext" in wanted, "conflate" in wanted
        last = market_state.quote(topic.instrument)
        ticks = TickEncoder(instrument, last, seq=seq, chained=seq and not thinned)
        if thinned:
            return Conflated(ticks, int(wanted["conflate"]), topic.instrument, market_state)
        return ticks


DIALECT: Dialect = Tradyn()
