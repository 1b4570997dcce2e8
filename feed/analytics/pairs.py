"""
The pairs of a market: their spot venues and derivatives.

A pair is spelled ``BTC/USDT``. Crypto has one dollar here: ``USD`` is spelled ``USDT``, and an
instrument in either belongs to the same pair. Currencies and metals keep the names they have.
"""

from __future__ import annotations

from typing import Final

import attrs

from feed.model.instruments import Contract, Instrument, Listing

DOLLARS: Final = ("USD", "USDT")
NOWHERE: Final = "feed"
"""The exchange of an instrument without a venue."""


@attrs.frozen(kw_only=True)
class Pair:
    """
    One pair, by indexes into the market's listing.

    Attributes:
        name: Such as ``BTC/USDT``.
        base: Such as ``BTC``.
        spot: Where it is traded, the first venue first.
        perpetuals: Perpetual futures on it.
        predictions: Prediction markets on it.
    """

    name: str
    base: str
    spot: tuple[int, ...] = ()
    perpetuals: tuple[int, ...] = ()
    predictions: tuple[int, ...] = ()


def pair_name(instrument: Instrument) -> str:
    """The name of the pair that an instrument belongs to, such as ``BTC/USDT``."""
    quote = "USDT" if instrument.asset_class == "crypto" and instrument.quote in DOLLARS else instrument.quote
    return f"{instrument.base}/{quote}"


def exchange(instrument: Instrument) -> str:
    """Where an instrument is traded, such as ``binance``."""
    return instrument.venue or NOWHERE


def pairs(listing: Listing) -> dict[str, Pair]:
    """Every pair by its name, in the order of the listing."""
    found: dict[str, Pair] = {}
    for at, instrument in enumerate(listing):
        name = pair_name(instrument)
        pair = found.get(name) or Pair(name=name, base=instrument.base)
        match instrument.contract:
            case Contract.SPOT:
                pair = attrs.evolve(pair, spot=(*pair.spot, at))
            case Contract.PERPETUAL:
                pair = attrs.evolve(pair, perpetuals=(*pair.perpetuals, at))
            case Contract.PREDICTION:
                pair = attrs.evolve(pair, predictions=(*pair.predictions, at))
        found[name] = pair
    return found
