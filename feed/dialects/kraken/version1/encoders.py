"""
What is sent in version 1: arrays of a channel's id, its data, its name and the name of the pair.

Source: "WebSockets API v1", channels ticker, ohlc, trade, spread and book.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import msgspec

from feed.analytics.bars import Bar
from feed.dialects.checksums import Rows
from feed.dialects.kraken.market_data.tickers import ticker_of
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.books import BookEncoder
from feed.dialects.kraken.streams.candles import CandlesEncoder
from feed.dialects.kraken.streams.encoder import HeartbeatEncoder, PairEncoder
from feed.dialects.kraken.streams.tickers import TickerEncoder
from feed.dialects.kraken.streams.trades import SNAPSHOT
from feed.dialects.messages import quoted
from feed.model.durations import NS_PER_MICROSECOND, NS_PER_MINUTE
from feed.model.events import QUOTE, TRADE, Event, Quote, Side, Trade
from feed.model.instruments import Instrument, decimal_text
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

PREFIX: Final = "1/"
"""Of the channels of topics."""


def seconds(ts: int) -> str:
    """A time in seconds, with six digits after the point."""
    return decimal_text(ts // NS_PER_MICROSECOND, 6)


def channel_name(topic: Topic) -> str:
    """Such as ``book-10``."""
    name = topic.channel.removeprefix(PREFIX)
    numbers = [value for option, value in topic.options if option in (topics.DEPTH, topics.INTERVAL)]
    return "-".join([name, *numbers])


def channel_id(pair: Pair) -> int:
    """A number that clients may tell channels of pairs apart by, together with the channel's name."""
    return pair.index + 1


class _Frame:
    """What stands around the data of a channel of a pair."""

    def __init__(self, pair: Pair, topic: Topic) -> None:
        self.head: Final = f"[{channel_id(pair)},"
        self.tail: Final = f',"{channel_name(topic)}",{quoted(pair.wsname)}]'

    def around(self, data: str) -> str:
        return f"{self.head}{data}{self.tail}"


class FirstBookEncoder(BookEncoder):
    """Books; the checksum is in updates alone, and a level that comes up from behind is marked."""

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState) -> None:
        super().__init__(pair, topic, market_state)
        self._frame = _Frame(pair, topic)

    def present(self) -> Sequence[str]:
        """The best levels."""
        now = seconds(self._market_state.now)
        bids, asks = (
            ",".join([f'["{price}","{size}","{now}"]' for price, size in self.rows(side, self._depth)])
            for side in Side
        )
        return [self._frame.around(f'{{"as":[{asks}],"bs":[{bids}]}}')]

    def update(self, side: Side, rows: Rows, ts: int) -> str:
        """The levels that have changed."""
        now = seconds(ts)
        marks = ("", ',"r"')
        told = ",".join(
            [f'["{price}","{size}","{now}"{mark}]' for (price, size), mark in zip(rows, marks, strict=False)]
        )
        name = "b" if side is Side.BUY else "a"
        return self._frame.around(f'{{"{name}":[{told}],"c":"{self.checksum()}"}}')


class FirstTradesEncoder(PairEncoder):
    """Trades, after the last ones."""

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState, projections: Projections) -> None:
        super().__init__(pair, topic, market_state)
        self._frame = _Frame(pair, topic)
        self._projections = projections

    def present(self) -> Sequence[str]:
        """The last trades, oldest first; nothing before the first."""
        last = self._projections.trades.newest(self._pair.index, SNAPSHOT)
        if not last:
            return ()
        return [self._frame.around(f"[{','.join([self._row(trade) for trade in reversed(last)])}]")]

    def encode(self, item: Event) -> str:
        """One trade."""
        return self._frame.around(f"[{self._row(cast('Trade', item))}]")

    def _row(self, trade: Trade) -> str:
        pair, side = self._pair, "s" if trade.aggressor is Side.SELL else "b"
        price, size = pair.price_text(trade.price), pair.size_text(trade.size)
        return f'["{price}","{size}","{seconds(trade.ts)}","{side}","l",""]'


class FirstTickerEncoder(TickerEncoder):
    """Best prices and statistics of today and of 24 hours, after trades."""

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState, projections: Projections) -> None:
        super().__init__(pair, topic, market_state, projections)
        self._frame = _Frame(pair, topic)

    def present(self) -> Sequence[str]:
        """As it stands."""
        return [self.message(self._market_state.now)]

    def message(self, now: int) -> str:
        """The ticker at a market time."""
        told = ticker_of(self._pair, self._market_state, self._bars, now)
        first = {**msgspec.to_builtins(told), "o": [told.o, told.o]}
        return self._frame.around(msgspec.json.encode(first).decode())


class SpreadEncoder(PairEncoder):
    """Best prices, with every change."""

    kinds: Sequence[int] = (QUOTE,)

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState) -> None:
        super().__init__(pair, topic, market_state)
        self._frame = _Frame(pair, topic)

    def encode(self, item: Event) -> str | None:
        """Nothing while there is no bid or no ask."""
        quote, pair = cast("Quote", item), self._pair
        if not quote.two_sided:
            return None
        bid, ask = pair.price_text(quote.bid), pair.price_text(quote.ask)
        sizes = (pair.size_text(max(size, 0)) for size in (quote.bid_size, quote.ask_size))
        bid_size, ask_size = sizes
        return self._frame.around(f'["{bid}","{ask}","{seconds(quote.ts)}","{bid_size}","{ask_size}"]')


class FirstCandlesEncoder(CandlesEncoder):
    """The open candle, with every trade, and nothing before."""

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState, projections: Projections) -> None:
        super().__init__(pair, topic, market_state, projections)
        self._frame = _Frame(pair, topic)

    def present(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def update(self, bar: Bar, ts: int) -> str:
        """The open candle."""
        pair = self._pair
        prices = '","'.join([pair.price_text(price) for price in (bar.open, bar.high, bar.low, bar.close)])
        vwap, volume = pair.average_text(bar.value, bar.volume), pair.size_text(bar.volume)
        times = f'"{seconds(ts)}","{seconds(bar.start + self._minutes * NS_PER_MINUTE)}"'
        return self._frame.around(f'[{times},"{prices}","{vwap}","{volume}",{bar.trades}]')


class FirstHeartbeatEncoder(HeartbeatEncoder):
    """Every second."""

    def on_timer(self, seq: int, now: int) -> str:
        """The heartbeat."""
        del seq, now
        return '{"event":"heartbeat"}'


def first_encoder(
    topic: Topic, instrument: Instrument, market_state: MarketState, projections: Projections | None
) -> Encoder:
    """
    What turns events into the messages of a channel of version 1.

    Args:
        topic: One whose channel begins with :data:`PREFIX`.
        instrument: That of the topic.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.

    Raises:
        ValueError: There are no projections, and the channel is told from them: nobody can resume it.
    """
    pair = Pair.of(topic.instrument, instrument)
    match topic.channel.removeprefix(PREFIX):
        case topics.HEARTBEAT:
            return FirstHeartbeatEncoder()
        case topics.BOOK:
            return FirstBookEncoder(pair, topic, market_state)
        case "spread":
            return SpreadEncoder(pair, topic, market_state)
    if projections is None:
        raise ValueError("statistics are not told again")
    match topic.channel.removeprefix(PREFIX):
        case topics.TICKER:
            return FirstTickerEncoder(pair, topic, market_state, projections)
        case topics.TRADE:
            return FirstTradesEncoder(pair, topic, market_state, projections)
    return FirstCandlesEncoder(pair, topic, market_state, projections)
