"""
From an event or an answer to Rails' JSON text: what is public.

Every message is one JSON object with ``resultType``, ``market`` and ``data``. Prices and quantities
are strings with all digits of the instrument, times milliseconds since the Unix epoch. What is ours,
``seq``, ``pos`` and ``checksum``, stands beside ``data``, never in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from feed.dialects.ladder import BOOK_KINDS, PART_ROWS, Ladder, changed_level
from feed.dialects.messages import message, quoted
from feed.dialects.resume import numbered, numbered_row, placed
from feed.dialects.times import milliseconds
from feed.model.events import CLEAR, TRADE, Event, Row, Side, Trade
from feed.model.ids import match_id
from feed.model.instruments import Instrument
from feed.model.stream_position import StreamPosition
from feed.state.encoder import Encoder, RowEncoder
from feed.state.market_state import MarketState

SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}


def refusal(status: int, text: str) -> str:
    """The body of an HTTP answer in place of a handshake."""
    return message(statusCode=status, body=text)


def response(
    kind: str, data: dict[str, object], market: str | None = None, *, at: StreamPosition | None = None
) -> str:
    """Source: section "Response Envelope". ``at`` is a position to tell, beside ``data``."""
    fields = {"resultType": kind} if market is None else {"resultType": kind, "market": market}
    return message(**fields, data=data, **({} if at is None else {"pos": at.text}))


def problem(kind: str, status: int, text: str, *, market: str, request_id: str | int | None = None) -> str:
    """
    What is wrong with a request; the document shows none.

    Args:
        kind: Of the request.
        status: As in HTTP.
        text: One sentence.
        market: That the request is about, else the one that the connection is for.
        request_id: The client's own id of the request, as it was written; None for none.
    """
    data: dict[str, object] = {} if request_id is None else {"clientRequestId": request_id}
    return response(kind, data | {"statusCode": status, "body": text}, market)


def book_messages(
    instrument: Instrument,
    index: int,
    market_state: MarketState,
    *,
    request_id: str | None,
    seq: bool,
    crc: bool,
) -> Iterator[str]:
    """Answers to ``emitPublicOrderBook``: the whole book as it stands, in parts when it is large."""
    rows = [
        _level(instrument, side, price, lots)
        for side in Side
        for price, lots in market_state.levels(index, side)
    ]
    tail = f'"statusCode":200,"ts":{milliseconds(market_state.now)}'
    end = "}" + (placed(market_state.seq, market_state.position) if seq else "")
    if crc:
        end += f',"checksum":{Ladder.of(instrument, index, market_state).checksum()}'
    for part, parts in split(rows):
        yield f"{_head('publicOrderBook', instrument)}{_orders(part)},{tail}{named(request_id)}{parts}{end}}}"


def trade_messages(
    instrument: Instrument, trades: Iterable[Trade], *, request_id: str | None, at: StreamPosition | None
) -> Iterator[str]:
    """Answers to ``emitPublicCompletedOrders``; ``trades`` with the oldest first, ``at`` to be told."""
    rows = [row for trade in trades for row in _both_sides(instrument, trade)]
    end = "}" + ("" if at is None else placed(at.seq, at))
    for part, parts in split(rows):
        head = _head("publicCompletedOrders", instrument)
        yield f'{head}{_orders(part)},"statusCode":200{named(request_id)}{parts}{end}}}'


def split(rows: Sequence[str], most: int = PART_ROWS) -> Iterator[tuple[Sequence[str], str]]:
    """Rows in parts, each with what tells it from the others; nothing when there is one part alone."""
    count = max(1, -(-len(rows) // most))
    for at in range(count):
        here = rows[at * most : (at + 1) * most]
        yield here, f',"part":{at + 1},"parts":{count}' if count > 1 else ""


def named(request_id: str | None) -> str:
    """The client's own id of its request, as a member of ``data`` after others."""
    return "" if request_id is None else f',"clientRequestId":{quoted(request_id)}'


class LevelsEncoder(RowEncoder):
    """
    ``publicOrderBookDelta``: the new total at one price; 0 removes it. A snapshot comes when asked for.

    Source: page "Order Book Stream". A book that begins anew is told as a whole one without orders.
    """

    kinds: Sequence[int] = BOOK_KINDS

    def __init__(
        self,
        instrument: Instrument,
        index: int,
        market_state: MarketState,
        *,
        seq: bool = False,
        crc: bool = False,
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose book.
            index: Its place in the listing.
            market_state: Where the market stands.
            seq: Whether to add the sequence number, a connection option of ours.
            crc: Whether to add the checksum of the book, another.
        """
        self._head = _head("publicOrderBookDelta", instrument)
        self._instrument = instrument
        self._ladder = Ladder.of(instrument, index, market_state) if crc else None
        self._seq = seq

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A delta, or None when the event leaves the levels as they are."""
        changed = changed_level(row)
        if changed is None:
            if row[0] != CLEAR:
                return None
            if self._ladder is not None:
                self._ladder.clear()
            head = _head("publicOrderBook", self._instrument)
            return f"{head}{_orders([])},{self._tail(seq, row, proof)}"
        side, price, level = changed
        order = _level(self._instrument, side, price, level)
        if self._ladder is not None:
            text = self._instrument.size_text(level) if level else None
            self._ladder.set(side, price, self._instrument.price_text(price), text)
        return f"{self._head}{_orders([order])},{self._tail(seq, row, proof)}"

    def _tail(self, seq: int, row: Row, proof: int) -> str:
        tail = f'"statusCode":200,"ts":{milliseconds(row[2])}}}'
        if self._seq:
            tail += numbered_row(seq, proof)
        if self._ladder is not None:
            tail += f',"checksum":{self._ladder.checksum()}'
        return tail + "}"


class TradesEncoder(Encoder):
    """
    ``publicCompletedOrdersDelta``: both sides of a trade, the taker's first.

    Source: page "Public Trade Stream".
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, instrument: Instrument, *, seq: bool = False) -> None:
        """Tell of ``instrument``, with the sequence number where ``seq`` asks for it."""
        self._head = _head("publicCompletedOrdersDelta", instrument)
        self._instrument = instrument
        self._seq = seq

    def encode(self, item: Event) -> str:
        """The trade."""
        rows = _both_sides(self._instrument, cast("Trade", item))
        return f'{self._head}{_orders(rows)},"statusCode":200}}{shown_seq(item, shown=self._seq)}}}'


def shown_seq(item: Event, *, shown: bool) -> str:
    """Sequence number and position, where they were asked for."""
    return numbered(item) if shown else ""


def _head(kind: str, instrument: Instrument) -> str:
    return f'{{"resultType":"{kind}","market":{quoted(instrument.symbol)},"data":{{'


def _orders(rows: Sequence[str]) -> str:
    return f'"orders":[{",".join(rows)}]'


def _level(instrument: Instrument, side: Side, price: int, lots: int) -> str:
    quantity = instrument.size_text(lots) if lots else "0"
    return f'{{"orderType":"{SIDES[side]}","price":"{instrument.price_text(price)}","quantity":"{quantity}"}}'


def _both_sides(instrument: Instrument, trade: Trade) -> list[str]:
    match = match_id(instrument.symbol, trade.trade)
    price, size = instrument.price_text(trade.price), instrument.size_text(trade.size)
    taker = trade.aggressor
    sides = ("null", "null") if taker is None else (f'"{SIDES[taker]}"', f'"{SIDES[Side(1 - taker)]}"')
    return [
        f'{{"executionType":"{role}","matchId":"{match}","orderType":{side},"price":"{price}",'
        f'"quantity":"{size}","updatedAt":{milliseconds(trade.ts)}}}'
        for role, side in zip(("taker", "maker"), sides, strict=True)
    ]
