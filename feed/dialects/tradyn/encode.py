"""
From an event or an answer to Tradyn's JSON text.

Every message is one JSON object with a ``type``, keys in the document's order. Ticks are written by
hand: prices are plain decimals with all their digits, which a float could not promise.
"""

from __future__ import annotations

from collections.abc import Sequence

from feed.dialects.messages import message, quoted
from feed.dialects.options import Thinnable
from feed.dialects.resume import numbered, numbered_row
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import QUOTE, Quote, Row
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
        self._bid = last.bid if last else None
        self._ask = last.ask if last else None
        self._told = last.seq if last else 0

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The current quote, so that a quiet instrument does not look dead."""
        quote = market_state.quote(instrument)
        if quote is None:
            return []
        tail = numbered(quote, market_state.position) if self._seq else ""
        return [self._tick(quote.ts, quote.bid, quote.ask, tail)]

    def repeated(self, market_state: MarketState, instrument: int) -> str | None:
        """The last tick; of a chained one nobody asks."""
        quote = market_state.quote(instrument)
        if quote is None:
            return None
        return self._tick(quote.ts, quote.bid, quote.ask, numbered(quote) if self._seq else "")

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A tick, or None when only sizes changed or one side is missing."""
        _, _, ts, bid, bid_size, ask, ask_size = row
        if not (bid_size and ask_size) or (bid == self._bid and ask == self._ask):
            return None
        self._bid, self._ask = bid, ask
        tail = numbered_row(seq, proof) if self._seq else ""
        if self._chained:
            tail += f',"prev":{self._told}'
            self._told = seq
        return self._tick(ts, bid, ask, tail)

    def _tick(self, ts: int, bid: int, ask: int, tail: str) -> str:
        price, time = self._price, ts // NS_PER_MILLISECOND
        return f'{self._head}{price(bid)},"ask":{price(ask)},"time":{time}{tail}}}'
