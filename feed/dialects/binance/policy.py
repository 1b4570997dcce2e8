"""What the operator decides of Binance Spot: ``[policies.binance]``. The defaults are the exchange's own."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge, gt, le, matches_re


@attrs.frozen(kw_only=True)
class BinancePolicy:
    """
    The limits and commissions that the exchange publishes.

    Limits are counted by the wall clock, in windows that begin on its multiples.

    Attributes:
        revision: Day of the documents' revision that is served where a URL names none, such as 2025-12-31;
            empty for the present one.
        weight_per_minute: Request weight of one client, which is a key or else an address; past it HTTP 429.
        requests_per_5_minutes: Requests of one client, whatever they weigh; past it HTTP 429.
        orders_per_10_seconds: Orders of one account; past it HTTP 429.
        orders_per_day: The same in a day.
        maker_commission: Of the value of a trade, for the order that rested, millionths; keys of better tiers
            pay less, by the discounts of ``[trading]``.
        taker_commission: The same for the order that took.
        refusals_before_ban: Requests of one client that are answered with 429 in one window; at the last one
            it is banned, with HTTP 418.
        ban_seconds: Length of the first ban; each further one is twice as long.
        longest_ban_seconds: Length of the longest ban; after as long without another one all is forgotten.
        stream_messages_per_second: Messages that a connection of market streams may send within a second; at
            the next one it is closed with 1008.
        streams_per_connection: Streams that it may listen to; more are refused.
        stream_connection_seconds: How long it lasts; then it is closed with 1001.
        shutdown_notice_seconds: How long before that it is told so, with a ``serverShutdown``.
        stream_ping_seconds: Between two pings.
        stream_pong_seconds: To answer one; then it is closed.
    """

    revision: str = attrs.field(default="", validator=matches_re(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?"))
    weight_per_minute: int = attrs.field(default=6000, validator=ge(1))
    requests_per_5_minutes: int = attrs.field(default=61_000, validator=ge(1))
    orders_per_10_seconds: int = attrs.field(default=100, validator=ge(1))
    orders_per_day: int = attrs.field(default=200_000, validator=ge(1))
    maker_commission: int = attrs.field(default=1000, validator=[ge(0), le(1_000_000)])
    taker_commission: int = attrs.field(default=1000, validator=[ge(0), le(1_000_000)])
    refusals_before_ban: int = attrs.field(default=20, validator=ge(1))
    ban_seconds: int = attrs.field(default=120, validator=ge(1))
    longest_ban_seconds: int = attrs.field(default=259_200, validator=ge(1))
    stream_messages_per_second: int = attrs.field(default=5, validator=ge(1))
    streams_per_connection: int = attrs.field(default=1024, validator=ge(1))
    stream_connection_seconds: float = attrs.field(default=86_400.0, validator=gt(0))
    shutdown_notice_seconds: float = attrs.field(default=600.0, validator=ge(0))
    stream_ping_seconds: float = attrs.field(default=20.0, validator=gt(0))
    stream_pong_seconds: float = attrs.field(default=60.0, validator=gt(0))


POLICY: Final = BinancePolicy()
