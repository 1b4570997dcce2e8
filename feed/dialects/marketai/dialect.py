"""
Market.ai: what a market looks like over all its venues, and what is worth knowing about it.

Source: "Market.ai WebSocket Push API Guide"; ``NOTES.md`` beside this file has the reading of it, line
by line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.analytics.pairs import Pair, pair_name
from feed.dialects.contract import Dialect, HandshakeRefusal, Session, SessionContext, UpgradeRequest
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
from feed.dialects.marketai.session import MarketAiSession, RefusedSession
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class MarketAi(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = channels.NAME
    title = "Market.ai"
    path = "/marketai"
    root_query = "key"

    def session(self, opening: UpgradeRequest, context: SessionContext) -> Session | HandshakeRefusal:
        """
        Open a session, or say before the handshake why not.

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
                return RefusedSession(refused)
            return HandshakeRefusal(refused.status, refused.body)
        return MarketAiSession(context, grant, asked)

    def not_found(self, message: str) -> str:
        """In the envelope of its REST."""
        return refusal("not_found", message)

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever kind the channel is."""
        if projections is None:
            raise ValueError("nothing is told again in this protocol")  # it does not offer to resume
        encoder = _ENCODERS[topic.channel](topic, instrument, market_state, projections)
        return NumberedEncoder(encoder, market_state) if "ext" in dict(topic.options) else encoder


def _pair(instrument: Instrument, beside: Projections) -> Pair:
    return beside.analytics.pairs[pair_name(instrument)]


_ENCODERS: Final[dict[str, Callable[[Topic, Instrument, MarketState, Projections], Encoder]]] = {
    channels.QUOTES: lambda _, instrument, state, beside: QuotesSample(
        _pair(instrument, beside), state, beside.analytics
    ),
    channels.BOOK: lambda topic, _, state, beside: BookSample(topic.instrument, state, beside.analytics),
    channels.TRADES: lambda _, instrument, *__: TradesEncoder(instrument),
    channels.SIGNALS: lambda _, __, ___, beside: SignalsEncoder(beside.analytics.listing),
    channels.LIQUIDATIONS: lambda _, instrument, *__: LiquidationsEncoder(instrument),
    channels.FUNDING: lambda _, instrument, *__: FundingEncoder(instrument),
    channels.KLINES: lambda topic, _, state, beside: KlinesSample(
        topic.instrument, dict(topic.options)["interval"], state, beside.analytics
    ),
    channels.NARRATIVES: lambda _, instrument, state, beside: NarrativesSample(
        _pair(instrument, beside), state, beside.analytics
    ),
    channels.POLYMARKET: lambda topic, instrument, state, beside: PredictionsSample(
        instrument, topic.instrument, state, beside.volumes[topic.instrument]
    ),
}


DIALECT: Dialect = MarketAi()
