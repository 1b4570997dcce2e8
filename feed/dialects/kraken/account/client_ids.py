"""
The clients' own ids of orders: UUIDs, or short texts.

Source: "Spot Client Order Identifiers" of the guides.
"""

from __future__ import annotations

import re
from typing import Final

from feed.model.trading import packed

_LONG: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LEGAL: Final = re.compile(rf"{_LONG}|[0-9a-fA-F]{{32}}|[!-~]{{1,18}}", re.ASCII)


def client_id(text: str) -> int:
    """One that may be, packed; 0 for any other text."""
    return packed(text) if _LEGAL.fullmatch(text) else 0
