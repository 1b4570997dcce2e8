"""Candles, in the exchange's word OHLC."""

from __future__ import annotations

from typing import Any, Final

from feed.analytics.bars import Bar, Bars, empty
from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data.parameters import pair_parameter, since_parameter
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.queries import Query
from feed.dialects.kraken.views import MarketView
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.instruments import Listing

INTERVALS: Final = (1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600)
"""Lengths of candles, minutes: they begin on multiples since the Unix epoch."""
ROWS: Final = 720
"""The most in an answer."""


class LastCandles(Shape):
    """
    Candles of a pair, oldest first; the field with them is called as the pair.

    Attributes:
        last: Beginning of the newest that is over, seconds since the Unix epoch: ``since`` for the next.
    """

    last: int


def series(bars: Bars, minutes: int, now: int, most: int) -> list[Bar]:
    """
    The newest candles up to the one that is open, oldest first; one without trades stands at the last price.

    Args:
        bars: The trades.
        minutes: Length of a candle.
        now: Market time, nanoseconds; not before that of the last trade.
        most: How many at most.
    """
    step = minutes * NS_PER_MINUTE
    known = bars.known_from(step)
    if known is None:
        return []
    since, whole = known
    first = since - since % step
    if not whole and first < since:
        first += step
    last = now - now % step
    first = max(first, last - (most - 1) * step)
    traded = {bar.start - bar.start % step: bar for bar in bars.series(step, first, last + step)}
    before = bars.before(first)
    price = 0 if before is None else before.close
    found = []
    for start in range(first, last + step, step):
        bar = traded.get(start)
        price = price if bar is None else bar.close
        found.append(empty(start, price) if bar is None else bar._replace(start=start))
    return found


def ohlc(view: MarketView, fields: Fields) -> dict[str, object]:
    """The newest, or those that begin after a time."""
    name, pair = fields.pair(view.pairs)
    minutes = int(fields.choice("interval", [str(one) for one in INTERVALS], "1"))
    since = fields.since()
    found = series(view.projections.bars[pair.index], minutes, view.state.now, ROWS)
    told = [bar for bar in found if since is None or bar.start > since]
    closed = found[-2] if len(found) > 1 else None
    last = 0 if closed is None else closed.start // NS_PER_SECOND
    return {name: [_candle(pair, bar) for bar in told], "last": last}


def _candle(pair: Pair, bar: Bar) -> list[Any]:
    return [
        bar.start // NS_PER_SECOND,
        *(pair.price_text(price) for price in (bar.open, bar.high, bar.low, bar.close)),
        pair.average_text(bar.value, bar.volume),
        pair.size_text(bar.volume),
        bar.trades,
    ]


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            name="OHLC",
            summary="Candles of a pair",
            answer=ohlc,
            parameters=(
                pair_parameter(listing),
                Parameter(
                    name="interval",
                    meaning="Length of a candle, minutes.",
                    default="1",
                    most=None,
                    choices=tuple(str(one) for one in INTERVALS),
                ),
                since_parameter("Those that begin after it, in seconds since the Unix epoch."),
            ),
            result=LastCandles,
        ),
    )
