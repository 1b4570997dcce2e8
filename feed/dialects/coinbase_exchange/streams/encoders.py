"""Which encoder is whose: by the channel of a topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.dialects.coinbase_exchange.products import Product, products
from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.coinbase_exchange.streams.auctions import AuctionEncoder
from feed.dialects.coinbase_exchange.streams.books import BatchEncoder, BookEncoder, TopEncoder
from feed.dialects.coinbase_exchange.streams.encoder import HeartbeatEncoder
from feed.dialects.coinbase_exchange.streams.matches import MatchesEncoder
from feed.dialects.coinbase_exchange.streams.orders import PARTS
from feed.dialects.coinbase_exchange.streams.status import StatusEncoder
from feed.dialects.coinbase_exchange.streams.tickers import TickerBatchEncoder, TickerEncoder
from feed.dialects.coinbase_exchange.streams.user import UserChangesEncoder, UserEndsEncoder
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_OF_THE_MARKET: Final[dict[str, Callable[[Product, MarketState], Encoder]]] = {
    topics.AUCTION: AuctionEncoder,
    topics.HEARTBEAT: HeartbeatEncoder,
    topics.LEVEL2: BookEncoder,
    topics.LEVEL2_50: TopEncoder,
    topics.LEVEL2_BATCH: BatchEncoder,
    topics.MATCHES: MatchesEncoder,
}


def stream_encoder(
    topic: Topic, instrument: Instrument, market_state: MarketState, projections: Projections | None
) -> Encoder:
    """
    What turns events into the messages of a channel.

    Args:
        topic: Of :func:`feed.dialects.coinbase_exchange.streams.topics.topic`.
        instrument: That of the topic.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.

    Raises:
        ValueError: There are no projections, and the channel is told from them: nobody can resume it.
    """
    product, options = Product.of(topic.instrument, instrument), dict(topic.options)
    if topic.channel == topics.FULL:
        return PARTS[options[topics.PART]](product, market_state)
    made = _OF_THE_MARKET.get(topic.channel)
    if made is not None:
        return made(product, market_state)
    if projections is None:
        raise ValueError("statistics are not told again")
    match topic.channel:
        case topics.USER:
            user = UserEndsEncoder if options[topics.PART] == topics.ENDS else UserChangesEncoder
            return user(product, market_state, projections, int(options[topics.ACCOUNT]))
        case topics.STATUS:
            return StatusEncoder(products(projections.listing), market_state)
        case topics.TICKER_BATCH:
            return TickerBatchEncoder(product, market_state, projections)
    return TickerEncoder(product, market_state, projections)
