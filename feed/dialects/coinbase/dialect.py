"""
Coinbase Advanced Trade: REST 3 and WebSocket, as the exchange's clients speak them.

Source: "Coinbase Advanced Trade API", https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/;
``NOTES.md`` beside this file has the reading of it.
"""

from __future__ import annotations

from feed.dialects.coinbase.errors import ErrorBody, text_of, too_many_connections
from feed.dialects.coinbase.limits import RequestLimits
from feed.dialects.coinbase.products import NAME
from feed.dialects.coinbase.streams.encoders import stream_encoder
from feed.dialects.coinbase.streams.session import PATHS, StreamSession
from feed.dialects.contract import Dialect, HandshakeRefusal, Session, SessionContext, UpgradeRequest
from feed.model.elsewhere import NOWHERE, Elsewhere
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.policies import Policies
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class Coinbase(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = NAME
    title = "Coinbase Advanced Trade"
    path = "/coinbase"
    aliases = ("/coinbase/ws",)
    prefixed = True
    trades = True
    disruptions = ("ban", "clock-skew", "maintenance")

    def session(self, opening: UpgradeRequest, context: SessionContext) -> Session | HandshakeRefusal:
        """Open a session of the WebSocket; none at any other path."""
        if opening.path in PATHS:
            if not context.address_rate("connections", context.policies.coinbase.connections_per_second):
                return HandshakeRefusal(429, text_of(too_many_connections()))
            return StreamSession(context)
        return HandshakeRefusal(404, self.not_found("Nothing is served at this path"))

    def meter(self, policies: Policies, most: int, elsewhere: Elsewhere = NOWHERE) -> RequestLimits:
        """What counts the requests to one server."""
        return RequestLimits.of(policies.coinbase, most, elsewhere)

    def not_found(self, message: str) -> str:
        """In the style of the exchange's errors."""
        return text_of(ErrorBody(error="not_found", error_details=message, message=message))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever channel the topic is."""
        return stream_encoder(topic, instrument, market_state, projections)


DIALECT: Dialect = Coinbase()
