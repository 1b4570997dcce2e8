"""Parameters that several questions have, for the documents."""

from __future__ import annotations

from feed.dialects.kraken.names import pairs
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing


def pair_parameter(listing: Listing) -> Parameter:
    """Which pair."""
    return Parameter(
        name="pair",
        meaning="A pair, by any of its names.",
        most=None,
        example=next((pair.altname for pair in pairs(listing)), None),
    )


def pairs_parameter(listing: Listing) -> Parameter:
    """Which pairs."""
    names = [pair.altname for pair in pairs(listing)][:2]
    return Parameter(
        name="pair",
        meaning="Pairs, by any of their names, joined by commas; all where none is named.",
        most=None,
        optional=True,
        example=",".join(names),
    )


def since_parameter(meaning: str) -> Parameter:
    """From when on."""
    return Parameter(name="since", meaning=meaning, most=None, optional=True)


def count_parameter(meaning: str, default: int, most: int) -> Parameter:
    """How many rows; more than the most is taken for the most."""
    return Parameter(name="count", meaning=f"{meaning}, at most {most}.", default=default, least=1, most=None)
