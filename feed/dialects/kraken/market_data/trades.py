"""The last trades, and the last best prices."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import msgspec

from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data.parameters import count_parameter, pair_parameter, since_parameter
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.queries import Query
from feed.dialects.kraken.views import MarketView
from feed.dialects.numbers import exact
from feed.model.durations import NS_PER_SECOND
from feed.model.events import QUOTE, Row, Side
from feed.model.instruments import Listing, decimal_text

ROWS: Final = 1000
SPREADS: Final = 200
EVENTS: Final = 20_000
"""Of all pairs together, that are looked through for the last best prices of one."""
_TIME_DECIMALS: Final = 9


class LastTrades(Shape):
    """
    Trades of a pair, oldest first; the field with them is called as the pair.

    Attributes:
        last: Time of the newest, nanoseconds since the Unix epoch: ``since`` for those after it.
    """

    last: str


class LastSpreads(Shape):
    """
    Best prices of a pair, oldest first; the field with them is called as the pair.

    Attributes:
        last: Time of the newest, seconds since the Unix epoch.
    """

    last: int


def trades(view: MarketView, fields: Fields) -> dict[str, object]:
    """After a time the oldest, as far back as they are kept; else the newest."""
    name, pair = fields.pair(view.pairs)
    since, count = fields.since(), fields.whole("count", ROWS, ROWS)
    rows = view.projections.trades.rows(pair.index)
    if since is None:
        found = list(rows)[-count:]
    else:
        found = list(islice((row for row in rows if row[2] > since), count))
    last = found[-1][2] if found else since or 0
    return {name: [_trade(pair, row) for row in found], "last": str(last)}


def _trade(pair: Pair, row: Row) -> list[Any]:
    _, _, ts, trade, aggressor, price, size, *_ = row
    side = "s" if aggressor == Side.SELL else "b"
    return [pair.price_text(price), pair.size_text(size), time_of(ts), side, "l", "", trade]


def time_of(ts: int) -> msgspec.Raw:
    """A time in seconds, with all of its digits."""
    return exact(decimal_text(ts, _TIME_DECIMALS))


def spreads(view: MarketView, fields: Fields) -> dict[str, object]:
    """Best prices as they have changed within the last events of all pairs, from a time on or the newest."""
    name, pair = fields.pair(view.pairs)
    since = fields.since()
    first = max(view.oldest - 1, view.state.seq - EVENTS)
    found: list[Row] = []
    for row in view.past(first, EVENTS):
        if row[0] != QUOTE or row[1] != pair.index or not (row[4] and row[6]):
            continue
        if since is not None and row[2] < since:
            continue
        if not found or (found[-1][3], found[-1][5]) != (row[3], row[5]):
            found.append(row)
    told = [
        [row[2] // NS_PER_SECOND, pair.price_text(row[3]), pair.price_text(row[5])]
        for row in found[-SPREADS:]
    ]
    return {name: told, "last": told[-1][0] if told else (since or 0) // NS_PER_SECOND}


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    pair = pair_parameter(listing)
    return (
        Query(
            name="Trades",
            summary="The last trades of a pair",
            answer=trades,
            parameters=(
                pair,
                since_parameter("Those after it, in seconds or nanoseconds since the Unix epoch."),
                count_parameter("Trades", ROWS, ROWS),
            ),
            result=LastTrades,
        ),
        Query(
            name="Spread",
            summary="The last best prices of a pair",
            answer=spreads,
            parameters=(
                pair,
                since_parameter("Those from it on, in seconds since the Unix epoch."),
            ),
            result=LastSpreads,
        ),
    )
