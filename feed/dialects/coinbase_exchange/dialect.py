"""
Coinbase Exchange: REST and the WebSocket feed, as the exchange's clients speak them.

Source: "Coinbase Exchange", https://docs.cdp.coinbase.com/exchange/; ``NOTES.md`` beside this file has the
reading of it.
"""

from __future__ import annotations

from feed.dialects.coinbase_exchange.errors import NOT_FOUND, TOO_MANY_CONNECTIONS, ErrorBody, text_of
from feed.dialects.coinbase_exchange.products import NAME
from feed.dialects.coinbase_exchange.streams.encoders import stream_encoder
from feed.dialects.coinbase_exchange.streams.session import FeedSession
from feed.dialects.contract import Dialect, HandshakeRefusal, Session, SessionContext, UpgradeRequest
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class CoinbaseExchange(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = NAME
    title = "Coinbase Exchange"
    path = "/coinbase-exchange"
    prefixed = True
    trades = True
    disruptions = ("clock-skew", "maintenance")

    def session(self, opening: UpgradeRequest, context: SessionContext) -> Session | HandshakeRefusal:
        """Open a session of the feed, which is at the root; none elsewhere."""
        if opening.path == "/":
            most = context.policies.coinbase_exchange.connections_per_second
            if not context.address_rate("connections", most):
                return HandshakeRefusal(429, text_of(ErrorBody(TOO_MANY_CONNECTIONS)))
            return FeedSession(context)
        return HandshakeRefusal(404, self.not_found("Nothing is served at this path"))

    def not_found(self, message: str) -> str:
        """In the style of the exchange's errors, which say no more."""
        del message
        return text_of(ErrorBody(NOT_FOUND))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever channel the topic is."""
        return stream_encoder(topic, instrument, market_state, projections)


DIALECT: Dialect = CoinbaseExchange()
