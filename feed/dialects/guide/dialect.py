"""
The feed that the client of a general guide to market data expects.

Source: "Accessing Real-Time Market Data with WebSocket APIs: A Step-by-Step Guide" by Token Metrics.
The guide has one message and names no server; the rest is ours, and ``NOTES.md`` beside this file
has all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.analytics.alerts import AlertBook
from feed.dialects.contract import Dialect, HandshakeRefusal, SessionContext, UpgradeRequest
from feed.dialects.guide import channels
from feed.dialects.guide.accounts import AccountEncoder
from feed.dialects.guide.alerts import AlertsEncoder
from feed.dialects.guide.books import LevelsEncoder, OrdersEncoder
from feed.dialects.guide.candles import CandlesEncoder
from feed.dialects.guide.encode import GuideTickerEncoder, TradesEncoder, error
from feed.dialects.guide.session import GuideSession
from feed.dialects.guide.signals import SignalsEncoder
from feed.dialects.options import options, thinned
from feed.errors import ProtocolError
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


# Channels that tell of events one by one.
_OF_EVENTS: Final[dict[str, Callable[..., Encoder]]] = {
    channels.TRADES: TradesEncoder,
    channels.ORDERS: OrdersEncoder,
    channels.SIGNALS: SignalsEncoder,
}


class Guide(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = channels.NAME
    title = "The guide's client"
    path = "/guide"
    aliases = ("/ws",)
    checksums = ("checksum",)

    def session(self, opening: UpgradeRequest, context: SessionContext) -> GuideSession | HandshakeRefusal:
        """Open a session; only a bad connection option is refused."""
        try:
            return GuideSession(context, options(opening.query))
        except ProtocolError as problem:
            return HandshakeRefusal(400, error(problem.message))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever kind the channel is."""
        at, pos = topic.instrument, "ext" in dict(topic.options)
        account = dict(topic.options).get(channels.ACCOUNT_OPTION)
        if account is not None:
            return AccountEncoder(instrument, topic.channel, int(account), pos=pos)
        of_events = _OF_EVENTS.get(topic.channel)
        if of_events is not None:
            return of_events(instrument, pos=pos)
        if topic.channel == channels.BOOK:
            return LevelsEncoder(instrument, at, market_state, pos=pos)
        if topic.channel in channels.CANDLE_LENGTHS:
            return CandlesEncoder(instrument, at, market_state, projections, channel=topic.channel, pos=pos)
        return thinned(GuideTickerEncoder(instrument, at, market_state, pos=pos), topic, market_state)

    def alert_encoder(self, topic: Topic, instrument: Instrument, alerts: AlertBook) -> Encoder | None:
        """For the channels of alerts; None for the others."""
        if topic.channel not in (channels.ALERTS, channels.ALL_ALERTS):
            return None
        wanted = dict(topic.options)
        key = wanted[channels.KEY_OPTION]
        return AlertsEncoder(instrument, topic.channel, key, alerts, pos="ext" in wanted)


DIALECT: Dialect = Guide()
