"""Query parameters that select instruments, and what they select."""

from __future__ import annotations

from collections.abc import Iterator

from feed.analytics.pairs import Pair, exchange
from feed.dialects.access import Problem
from feed.dialects.marketai.channels import ALL, names
from feed.dialects.messages import unknown
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, RestContext
from feed.model.instruments import Instrument, Listing
from feed.model.symbols import LONGEST_SYMBOL
from feed.settings import Web

_LONGEST_WORD = 64  # characters


def symbol(listing: Listing, *, needed: bool = False) -> Parameter:
    """
    Which pair.

    Args:
        listing: The instruments.
        needed: Whether it must be one alone.
    """
    found = tuple(names(listing).pairs)
    every = "" if needed else f" {ALL} is all."
    return Parameter(
        name="symbol",
        meaning=f"A pair: {found[0]}, however it is spelled, with any separator or none.{every}",
        default=None if needed else ALL,
        most=LONGEST_SYMBOL,
        choices=found if needed else (ALL, *found),
        aliases=True,
        example=found[0],
    )


def venue(listing: Listing) -> Parameter:
    """Which exchange."""
    return word("exchange", "Where it is traded", exchanges(listing))


def word(name: str, meaning: str, choices: tuple[str, ...]) -> Parameter:
    """One of some words, or all of them."""
    return Parameter(
        name=name,
        meaning=f"{meaning}; {ALL} is all.",
        default=ALL,
        most=_LONGEST_WORD,
        choices=(ALL, *choices),
    )


def rows(web: Web, meaning: str) -> Parameter:
    """How many rows."""
    return Parameter(
        name="limit", meaning=meaning, default=min(web.rows, web.most_rows), least=1, most=web.most_rows
    )


def exchanges(listing: Listing) -> tuple[str, ...]:
    """Every exchange, in the order of the listing."""
    return tuple(dict.fromkeys(exchange(instrument) for instrument in listing))


def asked(call: Call, name: str, value: str) -> bool:
    """Whether a parameter leaves ``value`` in."""
    return call.text(name) in (ALL, value)


def pairs(context: RestContext, call: Call) -> list[Pair]:
    """
    The pairs that a request is about, in the order of the listing.

    Raises:
        Problem: 404, nobody knows the symbol.
    """
    known, wanted = names(context.listing), call.text("symbol")
    name = known.find(wanted)
    if name is None:
        raise Problem(404, "not_found", unknown("symbol", [wanted], known.near))
    return list(known.pairs.values()) if name == ALL else [known.pairs[name]]


def instruments(context: RestContext, call: Call, found: Iterator[int]) -> Iterator[tuple[int, Instrument]]:
    """Those of ``found``, by their indices, that are traded where the request asks for."""
    return (
        (at, context.listing[at]) for at in found if asked(call, "exchange", exchange(context.listing[at]))
    )
