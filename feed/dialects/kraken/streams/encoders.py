"""Which encoder is whose: by the channel of a topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.private.encoders import private_encoder
from feed.dialects.kraken.private.topics import CHANNELS as PRIVATE_CHANNELS
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.books import BookEncoder
from feed.dialects.kraken.streams.candles import CandlesEncoder
from feed.dialects.kraken.streams.encoder import HeartbeatEncoder
from feed.dialects.kraken.streams.instruments import InstrumentEncoder
from feed.dialects.kraken.streams.orders import OrdersEncoder
from feed.dialects.kraken.streams.tickers import TickerEncoder
from feed.dialects.kraken.streams.trades import TradesEncoder
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_OF_STATE: Final[dict[str, Callable[[Pair, Topic, MarketState], Encoder]]] = {
    topics.BOOK: BookEncoder,
    topics.LEVEL3: OrdersEncoder,
    topics.INSTRUMENT: InstrumentEncoder,
}
"""By channel, those that need nothing beside the market's state."""


def stream_encoder(
    topic: Topic, instrument: Instrument, market_state: MarketState, projections: Projections | None
) -> Encoder:
    """
    What turns events into the messages of a channel.

    Args:
        topic: Of :func:`feed.dialects.kraken.streams.topics.topic`.
        instrument: That of the topic.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.

    Raises:
        ValueError: There are no projections, and the channel is told from them: nobody can resume it.
    """
    if topic.channel == topics.HEARTBEAT:
        return HeartbeatEncoder()
    if topic.channel in PRIVATE_CHANNELS:
        return private_encoder(topic, instrument, projections)
    pair = Pair.of(topic.instrument, instrument)
    if topic.channel in _OF_STATE:
        return _OF_STATE[topic.channel](pair, topic, market_state)
    if projections is None:
        raise ValueError("statistics are not told again")
    match topic.channel:
        case topics.TICKER:
            return TickerEncoder(pair, topic, market_state, projections)
        case topics.TRADE:
            return TradesEncoder(pair, topic, market_state, projections)
    return CandlesEncoder(pair, topic, market_state, projections)
