"""What the operator decides of Coinbase Exchange: ``[policies.coinbase_exchange]``. Defaults are its own."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge, gt, le

from feed.model.key_formats import DemoKey, KeyFormat, demo_grant

KEY_FORMAT: Final = KeyFormat(base64_secret=True, passphrase=True)
DEMO_KEYS: Final = (DemoKey(key="cx_test_demo", grant=demo_grant("coinbase_exchange")),)


@attrs.frozen(kw_only=True)
class CoinbaseExchangePolicy:
    """
    The fees and limits that the exchange publishes.

    Attributes:
        maker_fee: Of the value of a trade, for the order that rested, millionths; keys of better tiers pay
            less, by the discounts of ``[trading]``.
        taker_fee: The same for the order that took.
        subscribe_seconds: That a connection has for its first subscription; then it is closed.
        connections_per_second: New ones of an address to the feed; the next is answered with HTTP 429.
        messages_per_second: That a connection may send; one that sends more is closed.
    """

    maker_fee: int = attrs.field(default=4000, validator=[ge(0), le(1_000_000)])
    taker_fee: int = attrs.field(default=6000, validator=[ge(0), le(1_000_000)])
    subscribe_seconds: float = attrs.field(default=5.0, validator=gt(0))
    connections_per_second: int = attrs.field(default=8, validator=ge(1))
    messages_per_second: int = attrs.field(default=100, validator=ge(1))


POLICY: Final = CoinbaseExchangePolicy()
