"""Candles, in the exchange's word klines: the open one while it changes, and the closed one once."""

from __future__ import annotations

from feed.analytics.bars import Bar, Bars, empty
from feed.dialects.binance.intervals import INTERVALS
from feed.dialects.binance.streams.encoder import TRUE_FALSE, Envelope, StreamEncoder
from feed.dialects.binance.streams.names import KLINE, UTC_8
from feed.dialects.binance.symbols import Symbol
from feed.model.durations import NS_PER_HOUR, NS_PER_SECOND
from feed.state.market_state import MarketState


class KlinesEncoder(StreamEncoder):
    """
    Every second for candles of a second, every two seconds for longer ones.

    Told is the open candle where there were trades, and each candle once more, closed, when its interval is
    over, with trades or without. Source: "Kline/Candlestick Streams".
    """

    def __init__(
        self, symbol: Symbol, envelope: Envelope, market_state: MarketState, bars: Bars, channel: str
    ) -> None:
        """
        Begin with nothing told.

        Args:
            symbol: Whose candles.
            envelope: Of the messages.
            market_state: The market's state, now and from now on.
            bars: The trades of the symbol.
            channel: Of which length, and perhaps in a time zone: the stream's name after that of its symbol.
        """
        super().__init__(symbol, envelope)
        self._market_state = market_state
        self._bars = bars
        self._interval = INTERVALS[channel.removeprefix(KLINE).removesuffix(UTC_8)]
        self._shift = 8 * NS_PER_HOUR if channel.endswith(UTC_8) else 0
        self.period = (1 if self._interval.length == NS_PER_SECOND else 2) * NS_PER_SECOND

    def on_timer(self, seq: int, now: int) -> str | None:
        """The candle that the time before ``now`` belongs to, if it has changed or is over."""
        del seq
        before = self._market_state.now  # the last event that is told of
        begun = before - before % self.period
        start = self._interval.start(begun, self._shift)
        end = self._interval.end(start, self._shift)
        last = self._bars.last
        if last is None or (now < end and last.ts < begun):
            return None
        bar = self._bars.total(start, end)
        if bar is None:
            prior = self._bars.before(start)
            if prior is None:
                return None
            bar = empty(start, prior.close)
        return self._text(bar, start, end, now)

    def _text(self, bar: Bar, start: int, end: int, now: int) -> str:
        symbol, unit = self._symbol, self._unit
        price, size, value = symbol.price_text, symbol.size_text, symbol.value_text
        return (
            f'{self._head}{{"e":"kline","E":{now // unit},"s":"{symbol.name}","k":{{'
            f'"t":{start // unit},"T":{end // unit - 1},"s":"{symbol.name}","i":"{self._interval.name}",'
            f'"f":{bar.first},"L":{bar.last},"o":"{price(bar.open)}","c":"{price(bar.close)}",'
            f'"h":"{price(bar.high)}","l":"{price(bar.low)}","v":"{size(bar.volume)}","n":{bar.trades},'
            f'"x":{TRUE_FALSE[now >= end]},"q":"{value(bar.value)}","V":"{size(bar.bought)}",'
            f'"Q":"{value(bar.bought_value)}","B":"0"}}}}{self._tail}'
        )
