"""
Binance Spot: REST, market streams and the WebSocket API, as the exchange's clients speak them.

Source: "Binance Spot API", https://github.com/binance/binance-spot-api-docs; ``NOTES.md`` beside this file
has the reading of it.
"""

from __future__ import annotations

import msgspec

from feed.dialects.binance import errors
from feed.dialects.binance.account.user_data import CHANNEL, user_data_encoder
from feed.dialects.binance.errors import BinanceError, ErrorBody
from feed.dialects.binance.limits import RequestLimits
from feed.dialects.binance.revisions import has_listen_keys
from feed.dialects.binance.streams.encoders import stream_encoder
from feed.dialects.binance.streams.listen_keys import ListenKeySession
from feed.dialects.binance.streams.session import StreamSession, serves
from feed.dialects.binance.symbols import NAME
from feed.dialects.binance.websocket_api.session import PATH, ApiSession
from feed.dialects.contract import Dialect, HandshakeRefusal, Session, SessionContext, UpgradeRequest
from feed.model.elsewhere import NOWHERE, Elsewhere
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.policies import Policies
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class Binance(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = NAME
    title = "Binance Spot"
    path = "/binance"
    aliases = ("/binance/ws",)
    prefixed = True
    trades = True
    disruptions = ("ban", "clock-skew", "maintenance")

    def session(self, opening: UpgradeRequest, context: SessionContext) -> Session | HandshakeRefusal:
        """Open the session that the path below the prefix is for; none at any other path."""
        try:
            if serves(opening.path):
                old = has_listen_keys(opening.query, context.policies.binance)
                return (ListenKeySession if old else StreamSession)(context, opening)
            if opening.path == PATH:
                return ApiSession(context, opening)
        except BinanceError as problem:
            return HandshakeRefusal(problem.status, msgspec.json.encode(problem.body).decode())
        return HandshakeRefusal(404, self.not_found("Nothing is served at this path"))

    def meter(self, policies: Policies, most: int, elsewhere: Elsewhere = NOWHERE) -> RequestLimits:
        """What counts the requests to one server."""
        return RequestLimits.of(policies.binance, most, elsewhere)

    def not_found(self, message: str) -> str:
        """In the style of the exchange's errors."""
        return msgspec.json.encode(ErrorBody(code=errors.UNSUPPORTED.number, msg=message)).decode()

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever kind the channel is."""
        if topic.channel == CHANNEL:
            return user_data_encoder(topic, instrument, projections)
        return stream_encoder(topic, instrument, market_state, projections)


DIALECT: Dialect = Binance()
