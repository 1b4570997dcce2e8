"""
SecurityPro's real-time price feed: trades and tickers, the key in the subscribe frame.

Source: "Real-time Price Feed" of the SecurityPro documentation; ``NOTES.md`` beside this file has
the reading of it, line by line.
"""

from __future__ import annotations

from feed.dialects.contract import Dialect, HandshakeRefusal, SessionContext, UpgradeRequest
from feed.dialects.options import options, thinned
from feed.dialects.securitypro.encode import (
    HEARTBEAT,
    HeartbeatEncoder,
    SecurityProTickerEncoder,
    TradesEncoder,
    error,
)
from feed.dialects.securitypro.session import INVALID, SecurityProSession
from feed.errors import ProtocolError
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class SecurityPro(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = "securitypro"
    title = "SecurityPro real-time price feed"
    path = "/securitypro"
    aliases = ("/market/ws",)

    def session(
        self, opening: UpgradeRequest, context: SessionContext
    ) -> SecurityProSession | HandshakeRefusal:
        """Open a session. Keys come in a message; only a bad connection option is refused."""
        try:
            return SecurityProSession(opening, context, options(opening.query))
        except ProtocolError as problem:
            return HandshakeRefusal(400, error(INVALID, problem.message, now=context.now()))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Trades, tickers and heartbeats."""
        del projections
        wanted = dict(topic.options)
        if topic.channel == HEARTBEAT:
            return HeartbeatEncoder(int(wanted["seconds"]), market_state if "ext" in wanted else None)
        seq = "ext" in wanted
        if topic.channel == "trades":
            return TradesEncoder(instrument, seq=seq)
        ticker = SecurityProTickerEncoder(instrument, topic.instrument, market_state, seq=seq)
        return thinned(ticker, topic, market_state)


DIALECT: Dialect = SecurityPro()
