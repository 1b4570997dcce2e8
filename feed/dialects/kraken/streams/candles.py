"""Candles, in the exchange's word OHLC, told again with every trade. Source: "Candles (OHLC)"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.analytics.bars import Bar, Bars
from feed.dialects.kraken.market_data.candles import ROWS, series
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_MINUTE
from feed.model.events import TRADE, Event
from feed.model.topics import Topic
from feed.state.market_state import MarketState
from feed.state.projections import Projections


class CandlesEncoder(PairEncoder):
    """
    The open candle of one pair.

    Args:
        pair: Whose.
        topic: Of the messages; it says how long a candle is.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState, projections: Projections) -> None:
        super().__init__(pair, topic, market_state)
        self._bars: Final[Bars] = projections.bars[pair.index]
        self._minutes: Final = int(dict(topic.options)[topics.INTERVAL])

    def present(self) -> Sequence[str]:
        """The newest candles, oldest first."""
        now = self._market_state.now
        found = series(self._bars, self._minutes, now, ROWS)
        return [self._message(self._snapshot, found, now)]

    def encode(self, item: Event) -> str | None:
        """The candle of the trade."""
        length = self._minutes * NS_PER_MINUTE
        start = item.ts - item.ts % length
        bar = self._bars.total(start, start + length)
        return None if bar is None else self.update(bar._replace(start=start), item.ts)

    def update(self, bar: Bar, ts: int) -> str:
        """
        The message for the open candle.

        Args:
            bar: The candle.
            ts: Market time, nanoseconds.
        """
        return self._message(self._update, [bar], ts)

    def _message(self, head: str, bars: Sequence[Bar], now: int) -> str:
        rows = ",".join([self._text(bar) for bar in bars])
        return f'{head}{rows}],"timestamp":"{_nanoseconds(now)}"}}'

    def _text(self, bar: Bar) -> str:
        pair = self._pair
        price = pair.price_text
        end = bar.start + self._minutes * NS_PER_MINUTE
        return (
            f'{{"symbol":{self._symbol},"open":{price(bar.open)},"high":{price(bar.high)},'
            f'"low":{price(bar.low)},"close":{price(bar.close)},"trades":{bar.trades},'
            f'"volume":{pair.size_text(bar.volume)},"vwap":{pair.average_text(bar.value, bar.volume)},'
            f'"interval_begin":"{_nanoseconds(bar.start)}","interval":{self._minutes},'
            f'"timestamp":"{iso_microseconds(end)}"}}'
        )


def _nanoseconds(ts: int) -> str:
    """A time with nine digits of a second."""
    return f"{iso_microseconds(ts)[:-1]}{ts % 1000:03}Z"
