"""Prices by request: quotes, order books, arbitrage, klines."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from feed.analytics.candles import INTERVALS
from feed.analytics.pairs import exchange
from feed.dialects.access import Shape
from feed.dialects.marketai import payloads
from feed.dialects.marketai.rest.envelope import Envelope, answered
from feed.dialects.marketai.rest.params import instruments, pairs, rows, symbol, venue
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, PriceLevel, RestContext
from feed.model.events import Side
from feed.model.instruments import Instrument, Listing
from feed.settings import Web

_MOST_BPS: Final = 10_000


class VenueQuote(Shape):
    """
    One exchange's part of a quote.

    Attributes:
        exchange: Its name.
        bid: Best bid, in plain decimals.
        ask: Best ask, in plain decimals.
        mid: The middle of both, in plain decimals.
        volume_24h: Traded there in 24 hours of market time, base asset, in plain decimals.
        obi: Order book imbalance over 10 levels, from -1 to 1.
    """

    exchange: str
    bid: str
    ask: str
    mid: str
    volume_24h: str
    obi: float


class PairQuote(Shape):
    """
    A pair over all its exchanges.

    Attributes:
        symbol: The pair.
        global_mid: Mean of the exchanges' mid prices, in plain decimals.
        global_vwap: Volume-weighted average price of the last five minutes, in plain decimals.
        max_arb_bps: The most that a bid of one is above the ask of another, basis points.
        consensus_trend: Where most of them are heading.
        exchanges: Those that have a bid and an ask.
    """

    symbol: str
    global_mid: str
    global_vwap: str
    max_arb_bps: float
    consensus_trend: Literal["bullish", "bearish", "neutral"]
    exchanges: list[VenueQuote]


class BookWall(Shape):
    """
    A price level that stands out.

    Attributes:
        price: In plain decimals.
        quantity: In plain decimals.
        multiple_of_median: Of the median level of its side within 1 % of the mid price.
    """

    price: str
    quantity: str
    multiple_of_median: float


class VenueBook(Shape):
    """
    An order book in figures.

    Attributes:
        symbol: The pair.
        exchange: Whose book.
        best_bid: In plain decimals.
        best_ask: In plain decimals.
        mid_price: The middle of both, in plain decimals.
        spread_bps: From best bid to best ask, basis points of the mid price.
        obi_5: Order book imbalance over 5 levels, from -1 to 1.
        obi_10: The same over 10.
        bid_depth_1pct: Bids within 1 % of the mid price, base asset, in plain decimals.
        ask_depth_1pct: Asks, the same.
        bid_walls: Bids that stand out, best first.
        ask_walls: Asks that stand out, best first.
        bids: Price and quantity of the best levels, best first; only when levels were asked for.
        asks: As bids.
    """

    symbol: str
    exchange: str
    best_bid: str
    best_ask: str
    mid_price: str
    spread_bps: float
    obi_5: float
    obi_10: float
    bid_depth_1pct: str
    ask_depth_1pct: str
    bid_walls: list[BookWall]
    ask_walls: list[BookWall]
    bids: list[PriceLevel] | msgspec.UnsetType = msgspec.UNSET
    asks: list[PriceLevel] | msgspec.UnsetType = msgspec.UNSET


class Opportunity(Shape):
    """
    A pair that can be sold on one exchange for more than it costs on another, before fees.

    Attributes:
        symbol: The pair.
        spread_bps: By how much, basis points: ``max_arb_bps`` of its quote.
        buy_exchange: Where it is cheap.
        buy_price: The best ask there, in plain decimals.
        sell_exchange: Where it is dear.
        sell_price: The best bid there, in plain decimals.
    """

    symbol: str
    spread_bps: float
    buy_exchange: str
    buy_price: str
    sell_exchange: str
    sell_price: str


class Candle(Shape):
    """
    The trades of an interval; one without trades has none.

    Attributes:
        exchange: Where they were made.
        symbol: The pair.
        interval: Its name.
        open: Price of the first, in plain decimals.
        high: The highest price, in plain decimals.
        low: The lowest price, in plain decimals.
        close: Price of the last, in plain decimals.
        volume: Base asset, in plain decimals.
        open_time: Where the interval begins, milliseconds since the Unix epoch.
        close_time: Where the next one begins, milliseconds since the Unix epoch.
        is_closed: Whether it is over.
    """

    exchange: str
    symbol: str
    interval: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    open_time: int
    close_time: int
    is_closed: bool


def quotes(context: RestContext, call: Call) -> list[payloads.Fields]:
    """A quote of each pair that has one."""
    known = context.analytics
    return [
        payloads.quote(pair.name, found, context.listing)
        for pair in pairs(context, call)
        if (found := known.consolidated(pair)) is not None
    ]


def books(context: RestContext, call: Call) -> list[payloads.Fields]:
    """The books of each pair, spot before futures."""
    known, depth = context.analytics, call.number("levels")
    traded = (at for pair in pairs(context, call) for at in (*pair.spot, *pair.perpetuals))
    return [
        payloads.book(instrument, found) | (_levels(context, at, instrument, depth) if depth else {})
        for at, instrument in instruments(context, call, traded)
        if (found := known.figures(at)) is not None
    ]


def _levels(context: RestContext, at: int, instrument: Instrument, depth: int) -> payloads.Fields:
    return {
        name: [
            [instrument.price_text(price), instrument.size_text(size)]
            for price, size in context.market_state.levels(at, side, depth)
        ]
        for name, side in (("bids", Side.BUY), ("asks", Side.SELL))
    }


def arbitrage(context: RestContext, call: Call) -> list[Opportunity]:
    """The pairs with something to gain, the widest first."""
    known, listing = context.analytics, context.listing
    found = []
    for pair in pairs(context, call):
        quote = known.consolidated(pair)
        if quote is None or quote.buy is None or quote.sell is None:
            continue
        venues = {it.instrument: it for it in quote.venues}
        buy, sell = listing[quote.buy], listing[quote.sell]
        found.append(
            Opportunity(
                symbol=pair.name,
                spread_bps=quote.max_arb_bps,
                buy_exchange=exchange(buy),
                buy_price=buy.price_text(venues[quote.buy].ask),
                sell_exchange=exchange(sell),
                sell_price=sell.price_text(venues[quote.sell].bid),
            )
        )
    least = call.number("min_bps")
    return sorted((it for it in found if it.spread_bps >= least), key=lambda it: -it.spread_bps)


def klines(context: RestContext, call: Call) -> list[payloads.Fields]:
    """The last klines of each book of a pair, oldest first; the newest may be of an interval that goes on."""
    known, interval, limit = context.analytics, call.text("interval"), call.number("limit")
    length, now = INTERVALS[interval], context.market_state.now
    traded = (at for pair in pairs(context, call) for at in (*pair.spot, *pair.perpetuals))
    return [
        payloads.kline(instrument, interval, length, kline, closed=now >= kline.start + length)
        for at, instrument in instruments(context, call, traded)
        for kline in known.candles[at][interval].last(limit)
    ]


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    levels = Parameter(
        name="levels",
        meaning="Price levels of each side to be shown.",
        default=0,
        least=0,
        most=web.most_rows,
    )
    least = Parameter(
        name="min_bps", meaning="Show no less, basis points.", default=0, least=0, most=_MOST_BPS
    )
    interval = Parameter(
        name="interval",
        meaning="Length of a kline.",
        default="1m",
        most=max(map(len, INTERVALS)),
        choices=tuple(INTERVALS),
    )
    return (
        answered(
            "/quotes",
            "Pairs over all their exchanges, as on the channel quotes",
            quotes,
            Envelope[list[PairQuote]],
            symbol(listing),
        ),
        answered(
            "/orderbook",
            "Order books in figures, as on the channel book, and their levels on request",
            books,
            Envelope[list[VenueBook]],
            symbol(listing),
            venue(listing),
            levels,
        ),
        answered(
            "/arbitrage",
            "Pairs that are dearer on one exchange than on another, the widest first",
            arbitrage,
            Envelope[list[Opportunity]],
            symbol(listing),
            least,
        ),
        answered(
            "/klines",
            "The last klines of a pair, as on the channel klines, oldest first",
            klines,
            Envelope[list[Candle]],
            symbol(listing, needed=True),
            venue(listing),
            interval,
            rows(web, "The most of each exchange."),
        ),
    )
