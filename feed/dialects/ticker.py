"""
The rule of a ticker: best bid, best ask and last price of one instrument, told when one changes.

A ticker speaks when the best bid or the best ask has another price and there are both, and after
every trade. Until the first trade its price is the middle of the quote, rounded down to a tick, so
that a client which shows the price never shows nothing; before the first quote it is silent.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from feed.model.events import QUOTE, TRADE, Event, Quote, Trade
from feed.model.latest import Latest
from feed.model.topics import Encoder


def last_price(quote: Quote, trade: Trade | None) -> int:
    """The price of a ticker, integer ticks."""
    return (quote.bid + quote.ask) // 2 if trade is None else trade.price


class TickerEncoder(Encoder):
    """When a ticker speaks; each protocol says it in its own words, :meth:`text`."""

    kinds: Sequence[int] = (TRADE, QUOTE)

    def __init__(self, instrument: int, latest: Latest) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Index of it.
            latest: Where the market stands.
        """
        self._quote = latest.quote(instrument)
        self._trade = latest.trade(instrument)

    @abstractmethod
    def text(self, quote: Quote, price: int, item: Event) -> str:
        """
        The message.

        Args:
            quote: The best bid and ask.
            price: See :func:`last_price`.
            item: The event that it tells of, for time and number.
        """

    def snapshot(self, latest: Latest, instrument: int) -> Sequence[str]:
        """What was said last."""
        quote, trade = latest.quote(instrument), latest.trade(instrument)
        if quote is None:
            return ()
        item = quote if trade is None or trade.seq < quote.seq else trade
        return [self.text(quote, last_price(quote, trade), item)]

    def encode(self, item: Event) -> str | None:
        """A ticker, or None when only sizes changed, a side is missing, or there is no quote yet."""
        if isinstance(item, Trade):
            self._trade = item
        elif isinstance(item, Quote):
            last = self._quote
            if not item.two_sided or (last and (last.bid, last.ask) == (item.bid, item.ask)):
                return None
            self._quote = item
        quote = self._quote
        return None if quote is None else self.text(quote, last_price(quote, self._trade), item)
