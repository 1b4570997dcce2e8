"""What the operator decides where the document of Tradyn leaves it open: ``[policies.tradyn]``."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge


@attrs.frozen(kw_only=True)
class TradynPolicy:
    """
    What Tradyn's document does not define.

    Attributes:
        pong_seconds: To answer a ping; then the connection is closed with 1011. Clients that read in the
            thread that works do not answer while they are busy. 0 is the server's own bound.
        leverage: Of an account that has neither positions nor orders, where its order names none; 0 is the
            most that there is.
    """

    pong_seconds: float = attrs.field(default=120.0, validator=ge(0))
    leverage: int = attrs.field(default=0, validator=ge(0))


POLICY: Final = TradynPolicy()
