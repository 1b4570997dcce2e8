"""What is covered: instruments and channels, how late they are, and who may hear them."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import OPEN, Shape
from feed.dialects.guide import channels
from feed.dialects.guide.rest.access import GROUP, PREFIX
from feed.dialects.rest import STATUS, Call, Endpoint, MarketStatus, RestContext

_DELAY_MS: Final = 0


class Covered(Shape):
    """
    An instrument.

    Attributes:
        symbol: Its name.
        base: What is bought and sold.
        quote: What it is paid in.
        contract: What one of it is: spot, perpetual or prediction.
        asset_class: Such as crypto.
        venue: Where it is traded; empty where nobody has said.
        status: Whether it can be traded.
        delayed: Whether its data is held back.
        delay_ms: For how long, milliseconds.
        channels: Those that tell of it.
    """

    symbol: str
    base: str
    quote: str
    contract: str
    asset_class: str
    venue: str
    status: MarketStatus
    delayed: bool
    delay_ms: int
    channels: list[str]


class Tiers(Shape):
    """
    Who may hear which kinds of channels.

    Attributes:
        public: Everybody.
        premium: Whoever has shown a key.
        private: The owner of the key, what is of that key.
    """

    public: list[str]
    premium: list[str]
    private: list[str]


class Coverage(Shape):
    """
    All of it.

    Attributes:
        kinds: Kinds of channels by who may hear them.
        latency_ms_p50: From the making of an event to its last write: half of all stay within.
        latency_ms_p99: 99 of 100 stay within; both are 0 as long as nobody has listened.
        instruments: Every instrument, in the market's order.
    """

    kinds: Tiers
    latency_ms_p50: float
    latency_ms_p99: float
    instruments: list[Covered]


def coverage(context: RestContext, call: Call) -> Coverage:
    """Of the whole market, as it stands."""
    del call
    return Coverage(
        kinds=Tiers(public=list(channels.PUBLIC), premium=[channels.SIGNALS], private=list(channels.PRIVATE)),
        latency_ms_p50=context.latency_ms(0.5),
        latency_ms_p99=context.latency_ms(0.99),
        instruments=[
            Covered(
                symbol=instrument.symbol,
                base=instrument.base,
                quote=instrument.quote,
                contract=instrument.contract.value,
                asset_class=instrument.asset_class,
                venue=instrument.venue,
                status=STATUS[context.market_state.status(index)],
                delayed=_DELAY_MS > 0,
                delay_ms=_DELAY_MS,
                channels=[channels.name(kind, instrument) for kind in channels.KINDS],
            )
            for index, instrument in enumerate(context.listing)
        ],
    )


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """That of this module."""
    return (
        Endpoint(
            path=PREFIX + "/coverage",
            summary="Instruments and channels, how late they are, and who may hear them",
            handle=coverage,
            access=OPEN,
            returns=Coverage,
            group=GROUP,
        ),
    )
