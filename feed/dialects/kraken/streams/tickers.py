"""Best prices, the last price, and statistics of the last 24 hours. Source: "Ticker (Level 1)"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.analytics.bars import Bars
from feed.dialects.kraken.market_data.tickers import DAY
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.times import iso_microseconds
from feed.model.events import QUOTE, TRADE, Row, Side
from feed.model.instruments import decimal_text
from feed.model.topics import Topic
from feed.state.encoder import SUMMARY, RowEncoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_PERCENT_DECIMALS: Final = 2


class TickerEncoder(PairEncoder, RowEncoder):
    """
    After what one order took, once the best prices that follow are known; or after changes of these.

    Args:
        pair: Whose.
        topic: Of the messages; it says after what they are told.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    kinds: Sequence[int] = (TRADE, QUOTE)
    rank = SUMMARY

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState, projections: Projections) -> None:
        super().__init__(pair, topic, market_state)
        self._bars: Final[Bars] = projections.bars[pair.index]
        self._of_quotes: Final = (topics.TRIGGER, "bbo") in topic.options
        self._taking = market_state.taking(pair.index)

    def present(self) -> Sequence[str]:
        """As it stands."""
        return [f"{self._snapshot}{self._text(self._market_state.now)}]}}"]

    def message(self, now: int) -> str:
        """The ticker at a market time."""
        return f"{self._update}{self._text(now)}]}}"

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A ticker, or None where there is nothing new, or more may follow."""
        del proof
        taking, self._taking = self._taking, self._market_state.taking(self._pair.index)
        if self._of_quotes:
            told = self._market_state.told_at(self._pair.index) == seq
        else:
            told = taking if row[0] == QUOTE else not self._taking
        return self.message(row[2]) if told else None

    def _text(self, now: int) -> str:
        pair, state = self._pair, self._market_state
        price, size = pair.price_text, pair.size_text
        (bid, bid_size), (ask, ask_size) = (state.best(pair.index, side) for side in Side)
        bar, last = self._bars.window(DAY, now), self._bars.last
        close = 0 if last is None else last.close
        first, high, low, volume, value = (
            (close, close, close, 0, 0)
            if bar is None
            else (bar.open, bar.high, bar.low, bar.volume, bar.value)
        )
        return (
            f'{{"symbol":{self._symbol},"bid":{price(bid)},"bid_qty":{size(bid_size)},'
            f'"ask":{price(ask)},"ask_qty":{size(ask_size)},"last":{price(close)},'
            f'"volume":{size(volume)},"vwap":{pair.average_text(value, volume)},"low":{price(low)},'
            f'"high":{price(high)},"change":{price(close - first)},'
            f'"change_pct":{_percent(close - first, first)},"timestamp":"{iso_microseconds(now)}"}}'
        )


def _percent(change: int, first: int) -> str:
    scale = 100 * 10**_PERCENT_DECIMALS
    return decimal_text((2 * scale * change + first) // (2 * first) if first else 0, _PERCENT_DECIMALS)
