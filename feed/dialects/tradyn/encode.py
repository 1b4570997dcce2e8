"""
From an event or an answer to Tradyn's JSON text.

Every message is one JSON object with a ``type``, keys in the document's order. Ticks are written by
hand: prices are plain decimals with all their digits, which a float could not promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from feed.dialects.messages import message, quoted
from feed.dialects.times import milliseconds
from feed.model.events import QUOTE, Event, Quote
from feed.model.instruments import Instrument
from feed.model.latest import Latest
from feed.model.topics import Encoder


def error(text: str) -> str:
    """Source: section "Error"."""
    return message(type="error", message=text)


class TickEncoder(Encoder):
    """
    Ticks of one instrument: one whenever the best bid or the best ask has another price.

    Source: section "Tick Data". ``time`` is market time in integer milliseconds.
    """

    kinds: Sequence[int] = (QUOTE,)

    def __init__(self, instrument: Instrument, last: Quote | None, *, seq: bool = False) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose ticks.
            last: The last quote that was told.
            seq: Whether to add the sequence number, a connection option of ours.
        """
        self._head = f'{{"type":"tick","symbol":{quoted(instrument.symbol)},"bid":'
        self._price = instrument.price_text
        self._seq = seq
        self._shown = (last.bid, last.ask) if last else None

    def snapshot(self, latest: Latest, instrument: int) -> Sequence[str]:
        """The current quote, so that a quiet instrument does not look dead."""
        quote = latest.quote(instrument)
        return [self._tick(quote)] if quote else []

    def encode(self, item: Event) -> str | None:
        """A tick, or None when only sizes changed or one side is missing."""
        quote = cast("Quote", item)
        prices = (quote.bid, quote.ask)
        if prices == self._shown or not quote.two_sided:
            return None
        self._shown = prices
        return self._tick(quote)

    def _tick(self, quote: Quote) -> str:
        price = self._price
        time = milliseconds(quote.ts)
        seq = f',"seq":{quote.seq}' if self._seq else ""
        return f'{self._head}{price(quote.bid)},"ask":{price(quote.ask)},"time":{time}{seq}}}'
