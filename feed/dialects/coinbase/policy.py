"""What the operator decides of Coinbase Advanced Trade, with its own figures: ``[policies.coinbase]``."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge, gt, le

from feed.model.key_formats import DemoKey, KeyFormat, SigningAlgorithm, demo_grant

KEY_FORMAT: Final = KeyFormat(
    algorithms=(SigningAlgorithm.EC, SigningAlgorithm.ED25519, SigningAlgorithm.HMAC),
    key_name="organizations/{uuid}/apiKeys/{uuid}",
)
DEMO_KEYS: Final = (
    DemoKey(
        key="organizations/demo/apiKeys/es256",
        grant=demo_grant("coinbase"),
        algorithm=SigningAlgorithm.EC,
        public_key="""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvCA5CMVX0KgUbhNR3lBSdtWLi0Ib
n81X1jaMOTnljMFNonOlSvvj9qyhEWe6Pr9kxTskABu4NviQ/A/5Ct0N5g==
-----END PUBLIC KEY-----
""",
    ),
    DemoKey(
        key="organizations/demo/apiKeys/eddsa",
        grant=demo_grant("coinbase", "demo-coinbase-eddsa"),
        algorithm=SigningAlgorithm.ED25519,
        public_key="""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAxjQFu35Q5mmkX6CIK+3Y6sdEqJ6N4ILq1YjTtNPknjA=
-----END PUBLIC KEY-----
""",
    ),
)


@attrs.frozen(kw_only=True)
class CoinbasePolicy:
    """
    The limits and fees that the exchange publishes.

    Attributes:
        maker_fee: Of the value of a trade, for the order that rested, millionths; keys of better tiers pay
            less, by the discounts of ``[trading]``.
        taker_fee: The same for the order that took.
        requests_per_second: Requests of one key, or of one address without, where one that anybody may send
            counts as three; past it HTTP 429.
        connections_per_second: New WebSocket connections of one address; past it HTTP 429.
        messages_per_second: Unauthenticated messages that a WebSocket connection may send within a second; at
            the next one it is closed.
        subscribe_seconds: Time in which a WebSocket connection must have subscribed to something; else it is
            closed.
    """

    maker_fee: int = attrs.field(default=6000, validator=[ge(0), le(1_000_000)])
    taker_fee: int = attrs.field(default=12_000, validator=[ge(0), le(1_000_000)])
    requests_per_second: int = attrs.field(default=30, validator=ge(1))
    connections_per_second: int = attrs.field(default=8, validator=ge(1))
    messages_per_second: int = attrs.field(default=8, validator=ge(1))
    subscribe_seconds: float = attrs.field(default=5.0, validator=gt(0))


POLICY: Final = CoinbasePolicy()
