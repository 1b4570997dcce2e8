"""Amounts as requests and answers have them: decimals in texts, integers behind them."""

from __future__ import annotations

import re
from typing import Final

from feed.model.instruments import decimal_text

_DECIMAL: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{0,30}))?|\.([0-9]{1,30})", re.ASCII)
_EXPONENT: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{0,20}))?[eE]([+-]?[0-9]{1,2})", re.ASCII)


def parts_of(text: str) -> tuple[int, int] | None:
    """
    A number from 0 on: an integer, and how many of its digits are decimals; None for any other text.

    Clients write floats as Python does: ``1e-05`` is one too.
    """
    found = _DECIMAL.fullmatch(text)
    if found is not None:
        whole, fraction, shift = found[1] or "0", found[2] or found[3] or "", 0
    else:
        found = _EXPONENT.fullmatch(text)
        if found is None:
            return None
        whole, fraction, shift = found[1], found[2] or "", int(found[3])
    units, decimals = int(whole + fraction), len(fraction) - shift
    while decimals > 0 and units % 10 == 0 and units:
        units, decimals = units // 10, decimals - 1
    if decimals < 0:
        units, decimals = units * 10**-decimals, 0
    return (units, decimals) if units else (0, 0)


def exact_text(units: int, decimals: int, least: int) -> str:
    """
    An amount without zeros behind its last digit, but with so many decimals at least.

    Args:
        units: The amount, units of ``10 ** -decimals``; may be negative.
        decimals: Of a unit.
        least: Decimals that are written in any case.
    """
    while decimals > least and units % 10 == 0:
        units, decimals = units // 10, decimals - 1
    if decimals < least:
        units, decimals = units * 10 ** (least - decimals), least
    return decimal_text(units, decimals) if units >= 0 else f"-{decimal_text(-units, decimals)}"
