"""
The checksums that prove a book: CRC-32 (as in zlib and Ethernet, ISO 3309) over its best levels, as texts.

Each protocol says which texts, and joined in which order; a level is price and size, written as in messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

CHECKED_LEVELS: Final = 10
"""Of each side, the best."""

Rows = Sequence[tuple[str, str]]
"""Price and size of levels, best first."""


def of_texts(bids: Rows, asks: Rows) -> int:
    """Over bids, then asks, everything joined by colons; 0 for an empty book."""
    return crc32(":".join([":".join(row) for row in (*bids, *asks)]).encode("ascii"))


def of_digits(bids: Rows, asks: Rows) -> int:
    """Over asks, then bids, of each number its digits without leading zeros; 0 for an empty book."""
    return crc32("".join([digits(text) for row in (*asks, *bids) for text in row]).encode("ascii"))


def digits(text: str) -> str:
    """A decimal without its point and without leading zeros."""
    return text.replace(".", "").lstrip("0")
