"""
Older revisions of the exchange's documents, by the day for which they are asked.

``?revision=2025-12-31`` on a URL, or ``[policies.binance] revision``, asks for what was published on that
day; without it the present revision is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from feed.dialects.binance import errors
from feed.dialects.binance.policy import BinancePolicy

PARAMETER: Final = "revision"
NO_LISTEN_KEYS: Final = date(2026, 2, 20)
"""Since then there are no listen keys: the WebSocket API tells of accounts."""


def has_listen_keys(query: Mapping[str, str], policy: BinancePolicy) -> bool:
    """
    Whether listen keys are served to whoever asks with a query.

    Raises:
        BinanceError: The query asks for a revision that is no day.
    """
    text = query.get(PARAMETER, "") or policy.revision
    try:
        return bool(text) and date.fromisoformat(text) < NO_LISTEN_KEYS
    except ValueError:
        raise errors.INVALID.error(PARAMETER) from None
