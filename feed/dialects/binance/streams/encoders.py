"""Which encoder is whose: by the name of a stream."""

from __future__ import annotations

from typing import Final

from feed.dialects.binance.streams import names
from feed.dialects.binance.streams.books import BookTickerEncoder, DiffEncoder, TopEncoder
from feed.dialects.binance.streams.encoder import Envelope
from feed.dialects.binance.streams.klines import KlinesEncoder
from feed.dialects.binance.streams.tickers import TICKERS, AllTickersEncoder, TickerEncoder, average
from feed.dialects.binance.streams.trades import AggregatesEncoder, TradesEncoder
from feed.dialects.binance.symbols import Symbol, symbol_name, symbols
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_WINDOWS: Final = {"": 1000, names.SLOW: 1000, names.FAST: 100}
"""Milliseconds, by the suffix of a stream of a book."""


def stream_encoder(
    topic: Topic, instrument: Instrument, market_state: MarketState, projections: Projections | None
) -> Encoder:
    """
    What turns events into the messages of a stream.

    Args:
        topic: Of :func:`feed.dialects.binance.streams.names.topic`.
        instrument: That of the topic.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.

    Raises:
        ValueError: There are no projections, and the stream is told from them: nobody can resume it.
    """
    if topic.channel in names.OF_ALL:
        known = _needed(projections)
        describe = TICKERS[names.OF_ALL[topic.channel]]
        everybody = symbols(known.analytics.listing)
        return AllTickersEncoder(everybody, Envelope(topic, ""), market_state, known, describe)
    symbol = Symbol(name=symbol_name(instrument), index=topic.instrument, instrument=instrument)
    envelope = Envelope(topic, symbol.name)
    match topic.channel:
        case names.TRADE:
            return TradesEncoder(symbol, envelope)
        case names.AGGREGATE:
            return AggregatesEncoder(symbol, envelope, market_state)
        case names.BOOK_TICKER:
            return BookTickerEncoder(symbol, envelope, market_state)
    if topic.channel.startswith(names.DEPTH):
        return _of_book(topic.channel, symbol, envelope, market_state)
    return _of_trades(topic.channel, symbol, envelope, market_state, _needed(projections))


def _of_book(channel: str, symbol: Symbol, envelope: Envelope, market_state: MarketState) -> Encoder:
    part, at, speed = channel.removeprefix(names.DEPTH).partition("@")
    window = _WINDOWS[f"{at}{speed}"] * NS_PER_MILLISECOND
    if part:
        return TopEncoder(symbol, envelope, market_state, window, levels=int(part))
    return DiffEncoder(symbol, envelope, market_state, window)


def _of_trades(
    channel: str, symbol: Symbol, envelope: Envelope, market_state: MarketState, projections: Projections
) -> Encoder:
    bars = projections.bars[symbol.index]
    if channel.startswith(names.KLINE):
        return KlinesEncoder(symbol, envelope, market_state, bars, channel)
    describe = average if channel == names.AVERAGE else TICKERS[channel]
    return TickerEncoder(symbol, envelope, market_state, bars, describe)


def _needed(projections: Projections | None) -> Projections:
    if projections is None:
        raise ValueError("statistics are not told again")
    return projections
