"""Which encoder is whose: by the channel of a topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.books import BookEncoder
from feed.dialects.coinbase.streams.candles import CandlesEncoder
from feed.dialects.coinbase.streams.encoder import HeartbeatsEncoder
from feed.dialects.coinbase.streams.status import StatusEncoder
from feed.dialects.coinbase.streams.tickers import TickerBatchEncoder, TickerEncoder
from feed.dialects.coinbase.streams.trades import TradesEncoder
from feed.dialects.coinbase.streams.user import UserEncoder
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_COMPUTED: Final[dict[str, Callable[[Product, MarketState, Projections], Encoder]]] = {
    topics.TICKER: TickerEncoder,
    topics.TICKER_BATCH: TickerBatchEncoder,
    topics.MARKET_TRADES: TradesEncoder,
    topics.CANDLES: CandlesEncoder,
}
"""Those that are told from what is computed beside the market's state."""


def stream_encoder(
    topic: Topic, instrument: Instrument, market_state: MarketState, projections: Projections | None
) -> Encoder:
    """
    What turns events into the messages of a channel.

    Args:
        topic: Of :func:`feed.dialects.coinbase.streams.topics.topic`.
        instrument: That of the topic.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.

    Raises:
        ValueError: There are no projections: messages are numbered by connection, and nobody can resume.
    """
    if projections is None:
        raise ValueError("messages that are numbered by connection are not told again")
    product = Product.of(topic.instrument, instrument)
    match topic.channel:
        case topics.HEARTBEATS:
            return HeartbeatsEncoder()
        case topics.LEVEL2:
            return BookEncoder(product, market_state)
        case topics.STATUS:
            return StatusEncoder(product, market_state)
        case topics.USER:
            return UserEncoder(product, topic, market_state, projections.wallets)
    return _COMPUTED[topic.channel](product, market_state, projections)
