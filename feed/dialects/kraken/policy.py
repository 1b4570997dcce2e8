"""What the operator decides of Kraken Spot: ``[policies.kraken]``. The defaults are the exchange's own."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge, le

from feed.model.key_formats import DemoKey, KeyFormat, demo_grant

KEY_FORMAT: Final = KeyFormat(base64_secret=True)
DEMO_KEYS: Final = (DemoKey(key="kr_test_demo", grant=demo_grant("kraken")),)


@attrs.frozen(kw_only=True)
class KrakenPolicy:
    """
    What the exchange publishes of its fees and limits.

    Attributes:
        maker_fee: Of the value of a trade, for the order that rested, millionths.
        taker_fee: The same for the order that took.
        private_calls: To how much the count of a key's private calls may rise: one for most, two for trades,
            ledgers and orders that are over, none for placing, changing and cancelling orders. Past it
            ``EAPI:Rate limit exceeded``. The exchange has 15 or 20; 0 counts none, so that a client may test
            as fast as it can.
        private_calls_decay: By how much that count goes down in a second, millionths. The exchange has from
            330000 to 1000000.
        order_counter: Whether orders are refused once the rate counter of their account and pair, by market
            time, has reached what the tier of the key allows: ``EOrder:Rate limit exceeded``. The exchange
            does so.
    """

    maker_fee: int = attrs.field(default=2500, validator=[ge(0), le(1_000_000)])
    taker_fee: int = attrs.field(default=4000, validator=[ge(0), le(1_000_000)])
    private_calls: int = attrs.field(default=0, validator=[ge(0), le(1_000_000)])
    private_calls_decay: int = attrs.field(default=500_000, validator=[ge(1), le(1_000_000_000)])
    order_counter: bool = False


POLICY: Final = KrakenPolicy()
