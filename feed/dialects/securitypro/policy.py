"""What the operator decides where the document of SecurityPro leaves it open: ``[policies.securitypro]``."""

from __future__ import annotations

from typing import Final

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


POLICY: Final = SecurityProPolicy()
