"""Parameters that several questions have, for the documents."""

from __future__ import annotations

from typing import Final

from feed.dialects.binance.symbols import symbols
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing

STATUSES: Final = ("TRADING", "HALT", "BREAK")


def symbol_parameter(listing: Listing, *, needed: bool = False) -> Parameter:
    """Which symbol."""
    names = [symbol.name for symbol in symbols(listing)]
    return Parameter(
        name="symbol",
        meaning="A symbol, in capitals.",
        most=None,
        pattern="^[A-Z0-9]{1,20}$",
        optional=not needed,
        example=names[0] if names else None,
    )


def symbols_parameter(listing: Listing) -> Parameter:
    """Which symbols."""
    names = [f'"{symbol.name}"' for symbol in symbols(listing)][:2]
    return Parameter(
        name="symbols",
        meaning="Several symbols, as a JSON list; not together with symbol.",
        most=None,
        optional=True,
        example=f"[{','.join(names)}]",
    )


def limit_parameter(meaning: str, default: int, most: int) -> Parameter:
    """How many rows; more than the most is taken for the most."""
    return Parameter(name="limit", meaning=f"{meaning}, at most {most}.", default=default, least=1, most=None)


def number_parameter(name: str, meaning: str) -> Parameter:
    """A whole number that may be left out."""
    return Parameter(name=name, meaning=meaning, least=0, most=None, optional=True)


def time_zone_parameter() -> Parameter:
    """In which time zone days begin."""
    return Parameter(
        name="timeZone",
        meaning="Hours, or hours and minutes, ahead of UTC, from -12:00 to 14:00.",
        default="0",
        most=None,
        example="8",
    )


def status_parameter() -> Parameter:
    """Of which status."""
    return Parameter(
        name="symbolStatus",
        meaning="Symbols of this status alone.",
        optional=True,
        most=None,
        choices=STATUSES,
    )
