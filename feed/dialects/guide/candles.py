"""Candles in the guide's words: the trades of an interval of market time, one channel for each length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from feed.dialects.guide import channels
from feed.dialects.guide.encode import head
from feed.dialects.resume import placed
from feed.dialects.times import milliseconds
from feed.model.candles import Candle, fold
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Event, Row, Trade
from feed.model.instruments import Instrument
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections


class CandlesEncoder(Encoder):
    """
    The open interval once a second while it changes, and once more, closed, when it ends.

    An interval without a trade has no candle.
    """

    kinds: Sequence[int] = (TRADE,)
    period = NS_PER_SECOND

    def __init__(
        self,
        instrument: Instrument,
        index: int,
        market_state: MarketState,
        projections: Projections | None = None,
        *,
        channel: str = channels.CANDLES,
        pos: bool = False,
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose candles.
            index: Its place in the listing.
            market_state: The market's state, now and from now on.
            projections: Of the same market; only candles of a minute can do without.
            channel: Of which length.
            pos: Whether to tell positions, a connection option of ours.
        """
        self._pos = pos
        self._market_state = market_state
        self._head = head("candle", channel, instrument)
        self._instrument = instrument
        self._length = channels.CANDLE_LENGTHS[channel]
        self._last = _last_candle(channel, index, market_state, projections)
        candle, trade = self._last(), market_state.trade(index)
        self._open = None if candle is None or self._ended(candle, market_state.now) else candle
        self._changed = trade is not None and trade.ts >= market_state.now - market_state.now % self.period

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The last interval in which there was a trade, as it stands."""
        del instrument
        candle = self._last()
        return () if candle is None else [self._text(candle, market_state.seq, market_state.now)]

    def encode(self, item: Event) -> None:
        """Nothing yet: it waits for the end of the second."""
        trade = cast("Trade", item)
        self._open = fold(self._open, trade.ts, trade.price, trade.size, self._length)
        self._changed = True

    def on_timer(self, seq: int, now: int) -> str | None:
        """The candle, if it has changed or ended."""
        candle, changed = self._open, self._changed
        self._changed = False
        if candle is None:
            return None
        if self._ended(candle, now):
            self._open = None
        elif not changed:
            return None
        return self._text(candle, seq, now)

    def _ended(self, candle: Candle, now: int) -> bool:
        return now >= candle.start + self._length

    def _text(self, candle: Candle, seq: int, now: int) -> str:
        price = self._instrument.price_text
        start = milliseconds(candle.start)
        number = placed(seq, self._market_state.position) if self._pos else f',"seq":{seq}'
        return (
            f'{self._head}"open":"{price(candle.open)}","high":"{price(candle.high)}",'
            f'"low":"{price(candle.low)}","close":"{price(candle.close)}",'
            f'"volume":"{self._instrument.size_text(candle.volume)}","trades":{candle.trades},'
            f'"open_time":{start},"close_time":{start + milliseconds(self._length)},'
            f'"closed":{"true" if self._ended(candle, now) else "false"},"ts":{milliseconds(now)}{number}}}'
        )


def _last_candle(
    channel: str, index: int, market_state: MarketState, projections: Projections | None
) -> Callable[[], Candle | None]:
    """What gives the last candle of a channel; None before the first trade."""
    if channel == channels.CANDLES:
        return lambda: market_state.candle(index)
    if projections is None:
        raise ValueError("candles of this length are not told again")  # nobody can resume them
    if channels.CANDLE_LENGTHS[channel] == NS_PER_SECOND:
        trades = projections.trades
        return lambda: _last_second([*trades.rows(index)])
    series = projections.analytics.candles[index][channel.partition("_")[2]]
    return lambda: next(iter(series.last(1)), None)


def _last_second(trades: Sequence[Row]) -> Candle | None:
    """The candle of the second of the last trade."""
    candle: Candle | None = None
    if trades:
        start = trades[-1][2] - trades[-1][2] % NS_PER_SECOND
        for row in trades:
            if row[2] >= start:
                candle = fold(candle, row[2], row[5], row[6], NS_PER_SECOND)
    return candle
