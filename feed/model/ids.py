"""
Names that follow from numbers of the market, and so are the same on every run.

Order ids are ULIDs (https://github.com/ulid/spec): 48 bits of milliseconds since the Unix epoch and 80
more, here the number of the order, in 26 digits of Crockford's base 32. They sort by time. Other names
are UUIDs made from a name (RFC 9562, version 5).
"""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID, uuid5

from feed.model.durations import NS_PER_MILLISECOND

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_LENGTH: Final = 26
_ULID: Final = re.compile(f"[0-7][{_DIGITS}]{{{_LENGTH - 1}}}")
_NUMBER_BITS: Final = 80
_SPACE: Final = UUID("7c0b8a52-6d5e-5f7b-9c59-1d3c1f3a9e10")


def order_id(created: int, order: int) -> str:
    """
    The ULID of an order.

    Args:
        created: Market time, nanoseconds since the Unix epoch.
        order: Its id in the market.
    """
    number = (created // NS_PER_MILLISECOND) << _NUMBER_BITS | order
    return "".join([_DIGITS[number >> 5 * place & 31] for place in range(_LENGTH - 1, -1, -1)])


def parse_order_id(text: str) -> tuple[int, int]:
    """
    Milliseconds since the Unix epoch, and number, of an order's ULID; case does not matter.

    Raises:
        ValueError: It is none.
    """
    if not is_ulid(text):
        raise ValueError("not a ULID")
    number = 0
    for digit in text.upper():
        number = number << 5 | _VALUES[digit]
    return number >> _NUMBER_BITS, number & (1 << _NUMBER_BITS) - 1


def is_ulid(text: str) -> bool:
    """Whether a text is a ULID, in capitals or not."""
    return text.isascii() and _ULID.fullmatch(text.upper()) is not None


def match_id(symbol: str, trade: int) -> str:
    """The UUID of a trade, by its instrument's symbol and its id there."""
    return str(uuid5(_SPACE, f"trade {symbol} {trade}"))


def user_id(account: int) -> str:
    """The UUID of an account."""
    return str(uuid5(_SPACE, f"account {account}"))
