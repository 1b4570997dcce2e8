"""
The group Replay: what was told on a channel between two times, from the history that is kept, page by page.

A page is read from so many events at most, however few of them match: whoever asks for much asks often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, cast

from feed.analytics.pairs import exchange, pair_name
from feed.dialects.access import Shape
from feed.dialects.marketai import payloads
from feed.dialects.marketai.channels import FUNDING, LIQUIDATIONS, QUOTES, SIGNALS, TRADES
from feed.dialects.marketai.rest.envelope import GROUP, KEY, PREFIX, UNKNOWN, Envelope, enveloped
from feed.dialects.marketai.rest.params import asked, pairs, rows, symbol, venue
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.times import milliseconds
from feed.model import events
from feed.model.derivatives import FundingRate
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import LIQUIDATION, QUOTE, SIGNAL, TRADE, Quote, Row, Trade, event
from feed.model.instruments import Instrument, Listing
from feed.model.signals import Signal
from feed.settings import Web

CHANNELS: Final = (TRADES, LIQUIDATIONS, QUOTES, SIGNALS, FUNDING)
PAGE_EVENTS: Final = 8192  # of the market, that a page is read from
_BEFORE: Final = 512  # events before a page, where the liquidation order of its first trade may stand
_LATEST: Final = 10**15  # milliseconds
_MOST_SEQ: Final = 10**15

_KINDS: Final = {
    TRADES: TRADE,
    LIQUIDATIONS: TRADE,
    QUOTES: QUOTE,
    SIGNALS: SIGNAL,
    FUNDING: events.FUNDING,
}


class Replayed(Shape):
    """
    One message of a channel.

    Attributes:
        type: Always.
        channel: As asked for.
        ts: Market time, milliseconds since the Unix epoch.
        data: As on the channel; of ``quotes`` the best bid and ask of one exchange, at each change.
        seq: Sequence number of its event.
    """

    type: Literal["update"]
    channel: str
    ts: int
    data: dict[str, Any]
    seq: int


class Page(Shape):
    """
    Some of what was told, oldest first.

    Attributes:
        updates: May be fewer than asked for, or none, although there are more.
        next: The ``cursor`` of the next page; null where there is none up to ``to``.
        oldest: Sequence number of the oldest event that is kept.
    """

    updates: list[Replayed]
    next: int | None
    oldest: int


def replay(context: RestContext, call: Call) -> Page:
    """A page."""
    start, end = (call.number(name) * NS_PER_MILLISECOND for name in ("from", "to"))
    cursor = call.number("cursor")
    channel, limit = call.text("channel"), call.number("limit")
    chosen = {
        at
        for pair in pairs(context, call)
        for at in (*pair.spot, *pair.perpetuals)
        if asked(call, "exchange", exchange(context.listing[at]))
    }
    seq = max(cursor or context.seek(start), context.oldest - 1)
    before = max(seq - _BEFORE, context.oldest - 1)
    liquidating = _liquidating(context.past(before, seq - before))
    found: list[Replayed] = []
    kind, done = _KINDS[channel], False
    for row in context.past(seq, PAGE_EVENTS):
        if row[2] > end or len(found) == limit:
            done = row[2] > end
            break
        seq += 1
        liquidating.update(_liquidating((row,)))
        if row[0] != kind or row[1] not in chosen or row[2] < start:
            continue
        liquidation = row[0] == TRADE and liquidating.get(row[1]) == row[8]
        data = _data(channel, context.listing, seq, row, liquidation=liquidation)
        if data is not None:
            found.append(
                Replayed(type="update", channel=channel, ts=milliseconds(row[2]), data=data, seq=seq)
            )
    more = not done and seq < context.seq
    return Page(updates=found, next=seq if more else None, oldest=context.oldest)


def _liquidating(rows: Iterable[Row]) -> dict[int, int]:
    """The last liquidation order of each instrument."""
    return {row[1]: row[3] for row in rows if row[0] == LIQUIDATION}


def _data(channel: str, listing: Listing, seq: int, row: Row, *, liquidation: bool) -> payloads.Fields | None:
    """What is told of an event; None when it is nothing for the channel."""
    instrument, item = listing[row[1]], event(seq, row)
    if channel == TRADES:
        return payloads.trade(instrument, cast("Trade", item), liquidation=liquidation)
    if channel == LIQUIDATIONS:
        return payloads.liquidation(instrument, cast("Trade", item)) if liquidation else None
    if channel == SIGNALS:
        return payloads.signal(cast("Signal", item), listing)
    if channel == FUNDING:
        return payloads.funding(instrument, cast("FundingRate", item))
    return _quote(instrument, cast("Quote", item))


def _quote(instrument: Instrument, quote: Quote) -> payloads.Fields | None:
    """Best bid and ask of one exchange; None when there is only one of them."""
    if not quote.two_sided:
        return None
    return {
        "exchange": exchange(instrument),
        "symbol": pair_name(instrument),
        "bid": instrument.price_text(quote.bid),
        "ask": instrument.price_text(quote.ask),
        "mid": payloads.mid_text(instrument, quote.bid + quote.ask),
        "timestamp": milliseconds(quote.ts),
    }


def _parameters(listing: Listing, web: Web) -> Iterator[Parameter]:
    yield Parameter(
        name="channel", meaning="What was told.", most=32, choices=CHANNELS, example=TRADES, default=TRADES
    )
    yield symbol(listing)
    yield venue(listing)
    for name, meaning, default in (
        ("from", "Market time of the first, milliseconds since the Unix epoch.", 0),
        ("to", "Market time of the last, the same.", _LATEST),
    ):
        yield Parameter(name=name, meaning=meaning, default=default, least=0, most=_LATEST)
    yield Parameter(
        name="cursor",
        meaning="Go on after this sequence number: next of the last page, or seq of the last message of a "
        "connection that was lost; 0 begins at from.",
        default=0,
        least=0,
        most=_MOST_SEQ,
    )
    yield rows(web, "The most messages of a page.")


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    That of this module.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    return (
        Endpoint(
            path=PREFIX + "/replay",
            summary="What was told on a channel between two times, from the history that is kept",
            handle=enveloped(replay),
            access=KEY,
            parameters=tuple(_parameters(listing, web)),
            returns=Envelope[Page],
            refusals=UNKNOWN,
            group=GROUP,
        ),
    )
