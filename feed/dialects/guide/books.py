"""
From an event to the guide's order books: price levels (``book``) and single orders (``book3``).

Both send a snapshot, in parts when it is large, and then a delta for each event. A row of a snapshot
and a row of a delta mean the same: what now stands at that price, or is left of that order; size
zero removes it. The first part of a snapshot begins the book anew.

The rows of a snapshot are kept until the book changes: they are most of what a subscription costs, and
many may ask for them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.guide import channels
from feed.dialects.guide.encode import head, told, told_row
from feed.dialects.ladder import BOOK_KINDS, PART_ROWS, Ladder, changed_level
from feed.dialects.resume import placed
from feed.dialects.times import milliseconds
from feed.model.events import (
    ADD,
    CLEAR,
    REDUCE,
    TRADE,
    BookCleared,
    Event,
    OrderAdded,
    OrderReduced,
    Row,
    Side,
    Trade,
)
from feed.model.instruments import Instrument
from feed.state.encoder import Encoder, RowEncoder
from feed.state.market_state import MarketState

QUOTED_COMMA: Final = '","'


class LevelsEncoder(RowEncoder):
    """Price levels (L2) of one instrument, with a checksum in every message."""

    kinds: Sequence[int] = BOOK_KINDS

    def __init__(
        self, instrument: Instrument, index: int, market_state: MarketState, *, pos: bool = False
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose book.
            index: Its place in the listing.
            market_state: Where the market stands.
            pos: Whether to tell positions, a connection option of ours.
        """
        self._pos = pos
        self._head = head("book", channels.BOOK, instrument)
        self._instrument = instrument
        self._ladder = Ladder.of(instrument, index, market_state)
        self._parts: list[str] | None = None  # of a snapshot, but for what tells its place in the stream

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The whole book."""
        del instrument
        if self._parts is None:
            # The ladder has every text already.
            rows = [
                (side, f'["{text.replace(":", QUOTED_COMMA)}"]')
                for side in Side
                for text in self._ladder.texts(side)
            ]
            self._parts = _parts(self._head, rows)
        tail = self._tail(market_state.now, _number(market_state, pos=self._pos))
        return [part + tail for part in self._parts]

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A delta, or None when the event leaves the levels as they are."""
        self._parts = None
        changed = changed_level(row)
        number = told_row(seq, proof, pos=self._pos)
        if changed is None:
            if row[0] != CLEAR:
                return None
            self._ladder.clear()
            return _parts(self._head, [])[0] + self._tail(row[2], number)
        side, price, level = changed
        at, size = self._instrument.price_text(price), self._instrument.size_text(level)
        self._ladder.set(side, price, at, size if level else None)
        return _delta(self._head, side, f'["{at}","{size}"]', self._tail(row[2], number))

    def _tail(self, now: int, number: str) -> str:
        return f'"ts":{milliseconds(now)}{number},"checksum":{self._ladder.checksum()}}}'


class OrdersEncoder(Encoder):
    """
    Every order (L3) of one instrument, in the order of their priority.

    A row with a new id stands behind all others at its price; any other keeps its place.
    """

    kinds: Sequence[int] = (ADD, REDUCE, TRADE, CLEAR)

    def __init__(self, instrument: Instrument, *, pos: bool = False) -> None:
        """Tell of ``instrument``, of whose past nothing need be known; with positions if ``pos`` says so."""
        self._pos = pos
        self._head = head("book3", channels.ORDERS, instrument)
        self._instrument = instrument
        self._parts: list[str] | None = None  # of a snapshot, but for what tells its place in the stream

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """Every order; none where the source reports levels alone."""
        if self._parts is None:
            found = [(side, market_state.orders(instrument, side)) for side in Side]
            size = self._instrument.size_text
            # Many orders stand at each price.
            distinct = dict.fromkeys(at for _, orders in found for _, at, _ in orders)
            prices = {at: self._instrument.price_text(at) for at in distinct}
            rows = [
                (side, f'["{order}","{prices[at]}","{size(left)}"]')
                for side, orders in found
                for order, at, left in orders
            ]
            self._parts = _parts(self._head, rows)
        tail = _tail(market_state.now, _number(market_state, pos=self._pos))
        return [part + tail for part in self._parts]

    def encode(self, item: Event) -> str | None:
        """A delta, or None when the event names no order."""
        self._parts = None
        match item:
            case OrderAdded():
                side, order, left = item.side, item.order, item.size
            case OrderReduced():
                side, order, left = item.side, item.order, item.left
            case Trade(aggressor=Side() as aggressor, left=int() as left):
                side, order = Side(1 - aggressor), item.maker
            case BookCleared():
                return _parts(self._head, [])[0] + _tail(item.ts, told(item, pos=self._pos))
            case _:
                return None
        tail = _tail(item.ts, told(item, pos=self._pos))
        return _delta(self._head, side, self._row(order, item.price, left), tail)

    def _row(self, order: int, price: int, left: int) -> str:
        return f'["{order}","{self._instrument.price_text(price)}","{self._instrument.size_text(left)}"]'


def _number(market_state: MarketState, *, pos: bool) -> str:
    return placed(market_state.seq, market_state.position) if pos else f',"seq":{market_state.seq}'


def _tail(now: int, number: str) -> str:
    return f'"ts":{milliseconds(now)}{number}}}'


def _delta(head: str, side: Side, row: str, tail: str) -> str:
    rows = f'"bids":[{row}],"asks":[]' if side is Side.BUY else f'"bids":[],"asks":[{row}]'
    return f'{head}"action":"delta",{rows},{tail}'


def _parts(head: str, rows: list[tuple[Side, str]]) -> list[str]:
    """The messages of a snapshot, each without its end."""
    count = max(1, -(-len(rows) // PART_ROWS))
    found: list[str] = []
    for part in range(count):
        here = rows[part * PART_ROWS : (part + 1) * PART_ROWS]
        bids, asks = (",".join([text for at, text in here if at is side]) for side in Side)
        found.append(
            f'{head}"action":"snapshot","part":{part + 1},"parts":{count},"bids":[{bids}],"asks":[{asks}],'
        )
    return found
