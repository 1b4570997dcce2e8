"""The assets of a pair, from any usual spelling of its name: ``BTC-USD``, ``btc/usd``, ``BTCUSD@venue``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

QUOTES: Final = ("USDT", "USDC", "USD", "EUR", "GBP", "BTC", "ETH")
"""Assets that end a name without a sign between base and quote."""
_SIGN: Final = re.compile(r"[-/_]")


def assets_of(name: str, quotes: Collection[str] = QUOTES) -> list[str]:
    """
    Base and quote, in capitals; all of the name, but for its venue, where it has no quote that is known.

    Args:
        name: Of the pair, in any case; a venue may stand behind it, after ``@``.
        quotes: Assets that end a name without a sign, of which none ends in another.
    """
    pair = name.partition("@")[0].upper()
    parts = _SIGN.split(pair, maxsplit=1)
    if len(parts) > 1:
        return parts
    quote = next((one for one in quotes if pair.endswith(one) and pair != one), "")
    return [pair.removesuffix(quote), quote] if quote else [pair]
