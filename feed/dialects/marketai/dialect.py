"""
Market.ai: what a market looks like over all its venues, and what is worth knowing about it.

Source: "Market.ai WebSocket Push API Guide"; ``NOTES.md`` beside this file has the reading of it, line
by line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.analytics.analytics import insights_of
from feed.analytics.pairs import Pair, pair_name
from feed.dialects.contract import Dialect, HandshakeRefusal, Opening, Session, SessionContext
from feed.dialects.marketai import admission, channels
from feed.dialects.marketai.admission import AdmissionRefused
from feed.dialects.marketai.encode import (
    FundingEncoder,
    LiquidationsEncoder,
    NumberedEncoder,
    SignalsEncoder,
    TradesEncoder,
    refusal,
)
from feed.dialects.marketai.samples import (
    BookSample,
    KlinesSample,
    NarrativesSample,
    PredictionsSample,
    QuotesSample,
)
from feed.dialects.marketai.session import MarketAiSession, TurnedAway
from feed.model.instruments import Instrument
from feed.model.market_state import MarketState
from feed.model.topics import Encoder, Topic

__all__ = ["DIALECT"]


class MarketAi(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = channels.NAME
    title = "Market.ai"
    path = "/marketai"
    root_query = "key"

    def session(self, opening: Opening, context: SessionContext) -> Session | HandshakeRefusal:
        """
        Begin a conversation, or say before the handshake why not.

        Browsers cannot read that: with ``?errors=frame`` they get it as a message.
        """
        key = opening.query.get("key")
        grant = None
        try:
            asked = admission.asked(opening.query)
            if key is not None:
                grant = admission.check(key, context)
                admission.enter(grant, context)
        except AdmissionRefused as refused:
            if opening.query.get("errors") == "frame":
                return TurnedAway(refused)
            return HandshakeRefusal(refused.status, refused.body)
        return MarketAiSession(context, grant, asked)

    def not_found(self, message: str) -> str:
        """In the envelope of its REST."""
        return refusal("not_found", message)

    def encoder(self, topic: Topic, instrument: Instrument, market_state: MarketState) -> Encoder:
        """Of whichever kind the channel is."""
        encoder = _ENCODERS[topic.channel](topic, instrument, market_state)
        return NumberedEncoder(encoder, market_state) if "ext" in dict(topic.options) else encoder


def _pair(instrument: Instrument, market_state: MarketState) -> Pair:
    return insights_of(market_state).pairs[pair_name(instrument)]


_ENCODERS: Final[dict[str, Callable[[Topic, Instrument, MarketState], Encoder]]] = {
    channels.QUOTES: lambda _, instrument, market_state: QuotesSample(
        _pair(instrument, market_state), market_state
    ),
    channels.BOOK: lambda topic, _, market_state: BookSample(topic.instrument, market_state),
    channels.TRADES: lambda _, instrument, __: TradesEncoder(instrument),
    channels.SIGNALS: lambda _, __, market_state: SignalsEncoder(insights_of(market_state).listing),
    channels.LIQUIDATIONS: lambda _, instrument, __: LiquidationsEncoder(instrument),
    channels.FUNDING: lambda _, instrument, __: FundingEncoder(instrument),
    channels.KLINES: lambda topic, _, market_state: KlinesSample(
        topic.instrument, dict(topic.options)["interval"], market_state
    ),
    channels.NARRATIVES: lambda _, instrument, market_state: NarrativesSample(
        _pair(instrument, market_state), market_state
    ),
    channels.POLYMARKET: lambda topic, _, market_state: PredictionsSample(topic.instrument, market_state),
}


DIALECT: Dialect = MarketAi()
