"""What the operator decides where a protocol leaves it open: part of :mod:`feed.settings`."""

from __future__ import annotations

import attrs
from attrs.validators import ge


@attrs.frozen(kw_only=True)
class SecurityProPolicy:
    """
    What SecurityPro's document leaves to "your org policy", and what it does not define.

    Attributes:
        query_key: Take the key from the query, as ``?apiKey=``, where a subscribe frame has none.
        heartbeat_seconds: Between two heartbeats, whole seconds of market time.
        missed_pongs: Heartbeats in a row without a pong, after which the connection is closed with
            1008; 0 requires no pong.
        idle_seconds: From the handshake to the first subscription, then close 1008; 0 waits for
            ever.
        pong_seconds: To answer a ping; then the connection is closed with 1011. Clients that read in the
            thread that works do not answer while they are busy. 0 is the server's own bound.
    """

    query_key: bool = False
    heartbeat_seconds: int = attrs.field(default=10, validator=ge(1))
    missed_pongs: int = attrs.field(default=0, validator=ge(0))
    idle_seconds: int = attrs.field(default=0, validator=ge(0))
    pong_seconds: float = attrs.field(default=120.0, validator=ge(0))


@attrs.frozen(kw_only=True)
class TradynPolicy:
    """
    What Tradyn's document does not define.

    Attributes:
        pong_seconds: To answer a ping; then the connection is closed with 1011. Clients that read in the
            thread that works do not answer while they are busy. 0 is the server's own bound.
    """

    pong_seconds: float = attrs.field(default=120.0, validator=ge(0))


@attrs.frozen(kw_only=True)
class RailsPolicy:
    """
    What Rails' document leaves open, and the limits that its pages name.

    Attributes:
        echo_subprotocol: Answer the handshake with the subprotocol that carried the token, as
            browsers and Node want it.
        strict_expiry: Close a connection with 4401 when its token expires; else it stays open.
        connections: Open at once from one account of tier free or basic; past it HTTP 403.
        connections_per_minute: New ones from such an account; past it HTTP 429.
        maker_connections: Open at once from one account of tier pro or max.
        maker_connections_per_minute: New ones from such an account.
        orders_per_minute: Order requests of one account, all its connections together; past it 429.
        messages_per_second: Of any kind on one connection, in place of the server's own bound.
    """

    echo_subprotocol: bool = True
    strict_expiry: bool = False
    connections: int = attrs.field(default=5, validator=ge(1))
    connections_per_minute: int = attrs.field(default=20, validator=ge(1))
    maker_connections: int = attrs.field(default=50, validator=ge(1))
    maker_connections_per_minute: int = attrs.field(default=60, validator=ge(1))
    orders_per_minute: int = attrs.field(default=10_000, validator=ge(1))
    messages_per_second: int = attrs.field(default=1000, validator=ge(1))


@attrs.frozen(kw_only=True)
class TierLimits:
    """
    How much a customer of one tier may have.

    Attributes:
        connections: Open at once with one key; past it HTTP 429.
        symbols: Different ones subscribed on one connection, ``*`` counted as one; 0 for any number.
        requests_per_day: HTTP requests with one key from midnight to midnight UTC; past it HTTP 429.
            0 for any number.
    """

    connections: int = attrs.field(validator=ge(1))
    symbols: int = attrs.field(validator=ge(0))
    requests_per_day: int = attrs.field(validator=ge(0))


@attrs.frozen(kw_only=True)
class MarketAiPolicy:
    """
    The tiers of Market.ai's documents, and what they leave open.

    Attributes:
        free: Limits of this tier.
        basic: Limits of this tier.
        pro: Limits of this tier.
        max: Limits of this tier.
        connections_per_minute: New ones with one key; past it HTTP 429.
        wildcard_symbols: As how many symbols ``*`` counts.
    """

    free: TierLimits = TierLimits(connections=1, symbols=5, requests_per_day=500)
    basic: TierLimits = TierLimits(connections=5, symbols=25, requests_per_day=10_000)
    pro: TierLimits = TierLimits(connections=15, symbols=100, requests_per_day=100_000)
    max: TierLimits = TierLimits(connections=50, symbols=0, requests_per_day=0)
    connections_per_minute: int = attrs.field(default=6000, validator=ge(1))
    wildcard_symbols: int = attrs.field(default=1, validator=ge(0))


@attrs.frozen(kw_only=True)
class Policies:
    """What the operator decides where a protocol leaves it open, by protocol."""

    securitypro: SecurityProPolicy = SecurityProPolicy()
    tradyn: TradynPolicy = TradynPolicy()
    rails: RailsPolicy = RailsPolicy()
    marketai: MarketAiPolicy = MarketAiPolicy()
