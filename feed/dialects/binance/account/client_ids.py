"""
The clients' own ids of orders. An order that came without one has one of the exchange's, made of its number:
so equal requests in equal markets have equal answers, and the order is found by it all the same.
"""

from __future__ import annotations

import re
from typing import Final

from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields
from feed.model.trading import packed, unpacked

LEGAL: Final = "^[a-zA-Z0-9-_]{1,36}$"
_LEGAL: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII)
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 22
# Ids of orders are in the lower half of all that can be written, those of cancellations in the upper one.
_HALF: Final = len(_DIGITS) ** _LENGTH // 2
# Numbers that follow each other shall not look so: a multiplication spreads them, and can be undone.
_FACTOR: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
_INVERSE: Final = pow(_FACTOR, -1, _HALF)
_MOST_ORDERS: Final = 2**63


def client_id(fields: Fields, name: str) -> int:
    """
    A client's own id among the parameters, packed; 0 when there is none.

    Raises:
        BinanceError: It cannot be one.
    """
    value = fields.text(name)
    if value is None:
        return 0
    if _LEGAL.fullmatch(value) is None:
        raise errors.ILLEGAL_CHARACTERS.error(name, LEGAL)
    return packed(value)


def shown(client: int, order: int) -> str:
    """
    The id that an order goes by.

    Args:
        client: The client's own, packed; 0 for none.
        order: The order's number.
    """
    return unpacked(client) if client else _written(order * _FACTOR % _HALF)


def shown_cancellation(request: int, order: int) -> str:
    """
    The id that the cancellation of an order goes by.

    Args:
        request: The client's own, packed; 0 for none.
        order: The order's number.
    """
    return unpacked(request) if request else _written(_HALF + order * _FACTOR % _HALF)


def order_of(client: int) -> int:
    """The number of the order that goes by an id of the exchange's making; 0 for any other id, packed."""
    text = unpacked(client)
    if len(text) != _LENGTH or not all(digit in _DIGITS for digit in text):
        return 0
    number = 0
    for digit in text:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    order = number * _INVERSE % _HALF
    return order if number < _HALF and order < _MOST_ORDERS else 0


def _written(number: int) -> str:
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
