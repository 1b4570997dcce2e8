"""
The rule of a ticker: best bid, best ask and last price of one instrument, sent when they have changed.

A ticker is sent at the event that completes a change (:class:`feed.state.market_state.MarketState`): when
the best bid or the best ask has another price and there are both, and after trades, once the quote that
follows from them is known. So what it says is what book and trades say at its sequence number, and one
action that trades at several prices makes one ticker, after all its trades. Until the first trade its
price is the middle of the quote, rounded down to a tick; before the first quote there is no ticker.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from feed.dialects.options import Thinnable
from feed.model.events import QUOTE, TRADE, Row
from feed.model.stream_position import StreamPosition
from feed.state.encoder import SUMMARY
from feed.state.instrument_state import TickerState
from feed.state.market_state import MarketState


class TickerEncoder(Thinnable):
    """Decides when a ticker is sent; each protocol has its own message, :meth:`text`."""

    kinds: Sequence[int] = (TRADE, QUOTE)
    rank = SUMMARY

    def __init__(self, instrument: int, market_state: MarketState) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Index of it.
            market_state: Where the market stands, now and from now on.
        """
        self._instrument = instrument
        self._market_state = market_state

    @abstractmethod
    def text(self, ticker: TickerState, at: StreamPosition | None = None) -> str:
        """The message; ``at`` is where it stands in the stream if that is not at its event."""

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The last ticker, at the present position."""
        ticker = market_state.ticker(instrument)
        return () if ticker is None else [self.text(ticker, market_state.position)]

    def repeated(self, market_state: MarketState, instrument: int) -> str | None:
        """The last ticker."""
        ticker = market_state.ticker(instrument)
        return None if ticker is None else self.text(ticker)

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A ticker, or None when only sizes changed, a side is missing, or the change is not complete."""
        del row, proof
        if self._market_state.told_at(self._instrument) != seq:
            return None
        return self.repeated(self._market_state, self._instrument)
