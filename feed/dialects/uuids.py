"""
Ids of orders, accounts and the like as UUIDs, made of numbers and names: equal markets have equal ids.

Orders are numbered in the market. A multiplication spreads numbers that follow each other, and can be undone:
the id of an order says its number again. Ids of anything else are drawn from its name.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

_BITS: Final = 122  # of a UUID, apart from its version and variant
_SPACE: Final = 1 << _BITS
_FACTOR: Final = 0x2D358DCCAA6C78A5_8BB84B93962EACC9 % _SPACE | 1
_INVERSE: Final = pow(_FACTOR, -1, _SPACE)
_MOST_ORDERS: Final = 1 << 63
_VERSION: Final = 4
_VARIANT: Final = 0b10
_LOW_BITS: Final = 62
_MIDDLE_BITS: Final = 12
_NAMESPACE: Final = UUID("5b3f0d6e-8f2c-5f0e-9d55-6c1f5c0a9e11")


def order_uuid(order: int) -> str:
    """The id of an order, by its number; also by a negative one, for an order that is nobody's."""
    spread = (order if order >= 0 else (1 << 64) - order) * _FACTOR % _SPACE
    low, rest = spread & ((1 << _LOW_BITS) - 1), spread >> _LOW_BITS
    middle, high = rest & ((1 << _MIDDLE_BITS) - 1), rest >> _MIDDLE_BITS
    versioned = (high << 4 | _VERSION) << _MIDDLE_BITS | middle
    return str(UUID(int=(versioned << 2 | _VARIANT) << _LOW_BITS | low))


def order_of_uuid(text: str) -> int | None:
    """The number of an order, by its id; 0 for the id of no order, None for what is no UUID."""
    uuid = read_uuid(text)
    if uuid is None:
        return None
    number = uuid.int
    low, rest = number & ((1 << _LOW_BITS) - 1), number >> _LOW_BITS
    if rest & 0b11 != _VARIANT:
        return 0
    rest >>= 2
    middle, rest = rest & ((1 << _MIDDLE_BITS) - 1), rest >> _MIDDLE_BITS
    if rest & 0xF != _VERSION:
        return 0
    spread = ((rest >> 4) << _MIDDLE_BITS | middle) << _LOW_BITS | low
    order = spread * _INVERSE % _SPACE
    return order if order < _MOST_ORDERS else 0


def read_uuid(text: str) -> UUID | None:
    """A UUID as it is usually written; None for any other text."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def named_uuid(*names: object) -> str:
    """The id of what has these names, such as the balance of an account in a currency."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, names))))


def trade_order_uuids(instrument: int, trade: int, maker: int, taker: int) -> tuple[str, str]:
    """
    The ids of both orders of a trade.

    Args:
        instrument: Index into the listing.
        trade: Number of the trade there.
        maker: Number of the order that rested; 0 where a source tells of no orders.
        taker: The same of the order that came in.
    """
    return (
        order_uuid(maker) if maker else named_uuid("maker", instrument, trade),
        order_uuid(taker) if taker else named_uuid("taker", instrument, trade),
    )
