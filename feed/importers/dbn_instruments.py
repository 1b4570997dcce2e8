"""
The instruments of an import of DBN: ticks and lots of definitions where there are any, else of the prices.

A definition has the tick. Without one it is the greatest step that all prices are multiples of, and that one
whole unit of money is a multiple of, such as 0.25 for a future whose prices end in .25, .5 and .75. Sizes are
whole numbers of contracts, shares or, of a currency or a commodity, of what the definition says.

Source: Databento, "Instrument definitions schema", https://databento.com/docs/schemas-and-data-formats/instrument-definitions.
"""

from __future__ import annotations

from math import gcd
from typing import Any, Final

import attrs

from feed.importers.symbols import fx_or_crypto_symbol
from feed.model.instruments import Contract, Instrument

SCALE: Final = 9
"""Decimals of every price in DBN, and of every quantity in a definition."""

UNDEFINED_PRICE: Final = 2**63 - 1
_ONE: Final = 10**SCALE

FUTURE: Final = "F"
CURRENCY: Final = "X"
COMMODITY: Final = "Y"
SHARE: Final = "K"
PERPETUAL: Final = "PERP"
"""Type below the security type, of a future without expiry, in definitions of :data:`OWN_DATASET`."""

OWN_DATASET: Final = "FEED"
"""Dataset of files that were exported from a recording: their definitions say units and classes exactly."""

_CLASSES: Final = {SHARE: "equity", CURRENCY: "fx", COMMODITY: "crypto", FUTURE: "future"}


@attrs.define
class PriceSteps:
    """
    What the records of one instrument show of its tick.

    Attributes:
        step: The greatest number that all prices so far are multiples of, units of ``SCALE``; 0 without any.
    """

    step: int = 0

    def add(self, price: int) -> None:
        """Take another price into account, in units of ``SCALE``."""
        if price != UNDEFINED_PRICE and (not self.step or price % self.step):
            self.step = gcd(self.step, price)


def instrument(name: str, steps: PriceSteps, definition: Any | None, *, own: bool = False) -> Instrument:
    """
    One instrument of a recording.

    Args:
        name: Its symbol.
        steps: What its prices show.
        definition: The record that describes it; None where there is none.
        own: Whether that is of :data:`OWN_DATASET`.
    """
    plain = name.partition("@")[0]
    guess = fx_or_crypto_symbol(plain)
    if definition is None:
        step = gcd(steps.step, _ONE)
        return _of(name, base=guess.base, quote=guess.quote, step=step, asset_class=guess.asset_class)
    increment, kind = definition.min_price_increment, str(definition.instrument_class)
    # A price between the ticks, as combinations have them, makes the tick finer.
    step = gcd(increment if 0 < increment < UNDEFINED_PRICE else _ONE, steps.step)
    in_units = own or kind in (CURRENCY, COMMODITY)
    lot, perpetual = definition.unit_of_measure_qty, own and definition.secsubtype == PERPETUAL
    return _of(
        name,
        # Contracts of several months have one asset, and are told apart as pairs by their bases.
        base=(definition.asset or guess.base) if in_units else plain,
        quote=definition.currency or (guess.quote if in_units else ""),
        step=step,
        lot=lot if in_units and 0 < lot < UNDEFINED_PRICE else _ONE,
        asset_class=definition.security_type if own else _CLASSES.get(kind, "other"),
        venue=definition.group if own else definition.exchange,
        contract=Contract.PERPETUAL if perpetual else Contract.SPOT,
        underlying=definition.underlying if perpetual else "",
    )


def _of(name: str, *, step: int, lot: int = _ONE, **rest: Any) -> Instrument:
    price_decimals, tick = _decimals(step)
    size_decimals, lots = _decimals(lot)
    return Instrument(
        symbol=name,
        price_decimals=price_decimals,
        tick=tick,
        size_decimals=size_decimals,
        lot=lots,
        **rest,
    )


def _decimals(step: int) -> tuple[int, int]:
    """Decimals of a step in units of ``SCALE``, and the step in units of the last of them."""
    decimals = SCALE
    while decimals and step % 10 == 0:
        step //= 10
        decimals -= 1
    return decimals, step
