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
    What the exchange publishes of its fees.

    Attributes:
        maker_fee: Of the value of a trade, for the order that rested, millionths.
        taker_fee: The same for the order that took.
    """

    maker_fee: int = attrs.field(default=2500, validator=[ge(0), le(1_000_000)])
    taker_fee: int = attrs.field(default=4000, validator=[ge(0), le(1_000_000)])


POLICY: Final = KrakenPolicy()
