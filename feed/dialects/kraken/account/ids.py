"""
The exchange's ids of orders, trades, amendments and ledger entries: ``OXXXXX-XXXXX-XXXXXX``.

Each is made of a number, and found back from it: so equal markets give equal ids, and nobody keeps a table.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from feed.model.events import ExecutionReport, Side
from feed.model.executions import Leg

_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_LENGTH: Final = 16
_ALL: Final = len(_DIGITS) ** _LENGTH
# Numbers that follow each other shall not look so: a multiplication spreads them, and can be undone.
_FACTOR: Final = 0x9E37_79B9_7F4A_7C15_F39D
_INVERSE: Final = pow(_FACTOR, -1, _ALL)
_FORM: Final = re.compile(r"([OTL])([A-Z2-7]{5})-([A-Z2-7]{5})-([A-Z2-7]{6})", re.ASCII)
_ORDER, _TRADE, _LEDGER = "O", "T", "L"
_TRADE_BITS: Final = 56
MOST_ORDERS: Final = 2**63
"""No market has so many; ids of higher numbers are those of no order."""


@attrs.frozen
class TradeId:
    """
    One side of a trade.

    Attributes:
        instrument: Index of the instrument.
        trade: Number of the trade in it.
        side: Which side.
    """

    instrument: int
    trade: int
    side: Side

    @classmethod
    def of(cls, report: ExecutionReport) -> TradeId:
        """That of the trade that a report tells of."""
        return cls(report.instrument, report.trade, report.side)

    @property
    def number(self) -> int:
        """The one number that stands for all of it."""
        return ((self.instrument << _TRADE_BITS | self.trade) << 1) | int(self.side)


def order_id(order: int) -> str:
    """That of an order, by its number."""
    return _written(_ORDER, order)


def order_of(text: str) -> int:
    """The number of the order that goes by an id; 0 for any text that is no order's id."""
    number = _read(_ORDER, text)
    return number if 0 < number < MOST_ORDERS else 0


def trade_id(trade: TradeId) -> str:
    """That of an account's side of a trade."""
    return _written(_TRADE, trade.number << 1)


def trade_of(text: str) -> TradeId | None:
    """The side of a trade that goes by an id; None for any text that is no trade's id."""
    number = _read(_TRADE, text)
    return None if number < 0 or number & 1 else _side(number >> 1)


def amend_id(number: int) -> str:
    """That of a change of an order, by the sequence number of the event that told of it."""
    return _written(_TRADE, number << 1 | 1)


def ledger_id(trade: TradeId, leg: Leg) -> str:
    """That of what a trade changed of one of both assets."""
    return _written(_LEDGER, trade.number << 1 | int(leg))


def ledger_of(text: str) -> tuple[TradeId, Leg] | None:
    """Trade and asset of the ledger entry that goes by an id; None for any text that is no such id."""
    number = _read(_LEDGER, text)
    return None if number < 0 else (_side(number >> 1), Leg(number & 1))


def _side(number: int) -> TradeId:
    rest, side = divmod(number, 2)
    instrument, trade = divmod(rest, 1 << _TRADE_BITS)
    return TradeId(instrument, trade, Side(side))


def _written(kind: str, number: int) -> str:
    spread, digits = number * _FACTOR % _ALL, []
    for _ in range(_LENGTH):
        spread, digit = divmod(spread, len(_DIGITS))
        digits.append(_DIGITS[digit])
    text = "".join(reversed(digits))
    return f"{kind}{text[:5]}-{text[5:10]}-{text[10:]}"


def _read(kind: str, text: str) -> int:
    """The number of an id; -1 where it is of another kind, or none."""
    found = _FORM.fullmatch(text)
    if found is None or found[1] != kind:
        return -1
    number = 0
    for digit in found[2] + found[3] + found[4]:
        number = number * len(_DIGITS) + _VALUES[digit]
    return number * _INVERSE % _ALL
