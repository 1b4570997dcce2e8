"""Events by request: signals, liquidations, funding, prediction markets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal

from feed.analytics.pairs import exchange, pair_name
from feed.dialects.access import Shape
from feed.dialects.marketai import payloads
from feed.dialects.marketai.rest.envelope import Envelope, answered
from feed.dialects.marketai.rest.params import (
    asked,
    instruments,
    pairs,
    rows,
    symbol,
    venue,
    word,
)
from feed.dialects.marketai.samples import prediction
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.model.events import Row, Trade
from feed.model.instruments import Contract, Listing
from feed.model.signals import Severity, Signal, SignalType
from feed.settings import Web

_TYPES = tuple(kind.label for kind in SignalType)
_SEVERITIES = tuple(severity.name.lower() for severity in Severity)


class SignalShown(Shape):
    """
    Something that an observer points out.

    Attributes:
        id: Different for each.
        signal_type: What was noticed.
        symbol: The pair.
        severity: How much it matters.
        data: What it rests on; the names depend on the type.
        timestamp: Market time, milliseconds since the Unix epoch.
        narrative: The same in a sentence.
    """

    id: str
    signal_type: str
    symbol: str
    severity: Literal["info", "warning", "alert", "critical"]
    data: dict[str, Any]
    timestamp: int
    narrative: str


class ForcedTrade(Shape):
    """
    A trade by which a position was closed whose margin had run out.

    Attributes:
        exchange: Where.
        symbol: The pair.
        side: Of the engine's order: ``sell`` closes a long position.
        price: In plain decimals.
        quantity: Base asset, in plain decimals.
        timestamp: Market time, milliseconds since the Unix epoch.
        notional_usd: Price times quantity, in plain decimals.
    """

    exchange: str
    symbol: str
    side: Literal["buy", "sell"]
    price: str
    quantity: str
    timestamp: int
    notional_usd: str


class Rate(Shape):
    """
    What longs of a perpetual future pay to shorts.

    Attributes:
        exchange: Where.
        symbol: The pair.
        rate: Of the next payment, a share of the position.
        next_funding_time: When that is, milliseconds since the Unix epoch.
        predicted_rate: An estimate of the one after it.
    """

    exchange: str
    symbol: str
    rate: float
    next_funding_time: int
    predicted_rate: float


class UpOrDown(Shape):
    """
    A round of a prediction market: will the coin be above its price when the round ends?

    Attributes:
        coin: Which.
        timeframe: Length of a round.
        upPrice: What a yes is worth, in plain decimals.
        downPrice: What a no is worth, in plain decimals; both together are 1.
        volume: Contracts traded in 24 hours of market time, in plain decimals.
        liquidity: Contracts in the book, in plain decimals.
        timeRemainingSeconds: To the end of the round.
        active: Whether it is traded.
    """

    coin: str
    timeframe: str
    upPrice: str  # noqa: N815 - as published
    downPrice: str  # noqa: N815
    volume: str
    liquidity: str
    timeRemainingSeconds: int  # noqa: N815
    active: bool


def signals(context: RestContext, call: Call) -> list[payloads.Fields]:
    """The last ones that match, newest first."""
    chosen = {pair.name for pair in pairs(context, call)}

    def matching() -> Iterator[Signal]:
        for row in reversed(context.analytics.signals):
            it = Signal.from_row(0, row)
            if (
                pair_name(context.listing[it.instrument]) in chosen
                and asked(call, "type", it.type.label)
                and asked(call, "severity", it.severity.name.lower())
            ):
                yield it

    return [payloads.signal(it, context.listing) for it in islice(matching(), call.number("limit"))]


def liquidations(context: RestContext, call: Call) -> list[payloads.Fields]:
    """The last ones that match, newest first."""
    chosen = {at for pair in pairs(context, call) for at in pair.perpetuals}

    def matching() -> Iterator[Row]:
        for row in reversed(context.analytics.liquidations):
            if row[1] in chosen and asked(call, "exchange", exchange(context.listing[row[1]])):
                yield row

    return [
        payloads.liquidation(context.listing[row[1]], Trade.from_row(0, row))
        for row in islice(matching(), call.number("limit"))
    ]


def funding(context: RestContext, call: Call) -> list[payloads.Fields]:
    """The rate of each perpetual future that has one."""
    perpetuals = (at for pair in pairs(context, call) for at in pair.perpetuals)
    return [
        payloads.funding(instrument, found)
        for at, instrument in instruments(context, call, perpetuals)
        if (found := context.market_state.funding(at)) is not None
    ]


def predictions(context: RestContext, call: Call) -> list[payloads.Fields]:
    """The running round of each prediction market, or its last one."""
    return [
        found
        for pair in pairs(context, call)
        for at in pair.predictions
        if asked(call, "timeframe", payloads.timeframe(context.listing[at]))
        and (found := _prediction(context, at)) is not None
    ]


def _prediction(context: RestContext, at: int) -> payloads.Fields | None:
    market_state = context.market_state
    return prediction(context.listing[at], at, market_state, context.volumes[at], market_state.now)


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    rounds = [it for it in listing if it.contract is Contract.PREDICTION]
    timeframes = tuple(dict.fromkeys(payloads.timeframe(it) for it in rounds))
    return (
        answered(
            "/signals",
            "The last signals, as on the channel signals, newest first",
            signals,
            Envelope[list[SignalShown]],
            symbol(listing),
            word("type", "What was noticed", _TYPES),
            word("severity", "How much it matters", _SEVERITIES),
            rows(web, "The most signals."),
        ),
        answered(
            "/funding",
            "Funding rates of perpetual futures, as on the channel funding",
            funding,
            Envelope[list[Rate]],
            symbol(listing),
            venue(listing),
        ),
        answered(
            "/liquidations",
            "The last liquidations, as on the channel liquidations, newest first",
            liquidations,
            Envelope[list[ForcedTrade]],
            symbol(listing),
            venue(listing),
            rows(web, "The most liquidations."),
        ),
        answered(
            "/polymarket",
            "Prediction markets, as on the channel polymarket",
            predictions,
            Envelope[list[UpOrDown]],
            symbol(listing),
            word("timeframe", "Length of a round", timeframes),
        ),
    )
