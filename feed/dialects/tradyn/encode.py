"""
From an event or an answer to Tradyn's JSON text.

Every message is one JSON object with a ``type``, keys in the document's order. Ticks are written by
hand: prices are plain decimals with all their digits, which a float could not promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from feed.dialects.messages import message, quoted
from feed.dialects.options import Thinnable
from feed.dialects.resume import numbered
from feed.dialects.times import milliseconds
from feed.model.events import QUOTE, Event, Quote
from feed.model.instruments import Instrument
from feed.state.market_state import MarketState


def error(text: str) -> str:
    """Source: section "Error"."""
    return message(type="error", message=text)


class TickEncoder(Thinnable):
    """
    Ticks of one instrument: one whenever the best bid or the best ask has another price.

    Source: section "Tick Data". ``time`` is market time in integer milliseconds. ``prev`` is ours, and
    stands in numbered ticks that are not thinned: the number of the tick of this instrument before it.
    A client that has that one has missed none. The current quote, which a subscription begins with, has none.
    """

    kinds: Sequence[int] = (QUOTE,)

    def __init__(
        self, instrument: Instrument, last: Quote | None, *, seq: bool = False, chained: bool = False
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose ticks.
            last: The last quote that was told.
            seq: Whether to add sequence number and position, a connection option of ours.
            chained: Whether to add the number of the tick before.
        """
        self._head = f'{{"type":"tick","symbol":{quoted(instrument.symbol)},"bid":'
        self._price = instrument.price_text
        self._seq = seq
        self._chained = chained
        self._shown = (last.bid, last.ask) if last else None
        self._told = last.seq if last else 0

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The current quote, so that a quiet instrument does not look dead."""
        quote = market_state.quote(instrument)
        if quote is None:
            return []
        return [self._tick(quote, numbered(quote, market_state.position) if self._seq else "")]

    def repeated(self, market_state: MarketState, instrument: int) -> str | None:
        """The last tick; of a chained one nobody asks."""
        quote = market_state.quote(instrument)
        return self._tick(quote, numbered(quote) if self._seq else "") if quote else None

    def encode(self, item: Event) -> str | None:
        """A tick, or None when only sizes changed or one side is missing."""
        quote = cast("Quote", item)
        prices = (quote.bid, quote.ask)
        if prices == self._shown or not quote.two_sided:
            return None
        self._shown = prices
        tail = numbered(quote) if self._seq else ""
        if self._chained:
            tail += f',"prev":{self._told}'
            self._told = quote.seq
        return self._tick(quote, tail)

    def _tick(self, quote: Quote, tail: str) -> str:
        price, time = self._price, milliseconds(quote.ts)
        return f'{self._head}{price(quote.bid)},"ask":{price(quote.ask)},"time":{time}{tail}}}'
