"""How far a server has published its market, and which inputs stand before that."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Published:
    """
    A moment between two events.

    Attributes:
        market_time: Of the last event, nanoseconds since the Unix epoch.
        seq: Its sequence number.
        proof: Of everything up to it.
        record: Number of a record of the log that is durable. None after it acts before ``market_time``, or
            counts from an event before ``seq``.
    """

    market_time: int
    seq: int
    proof: int
    record: int
