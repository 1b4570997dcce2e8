"""What goes wrong on purpose with the requests of one client, for its protocol to word."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Disruption:
    """
    What goes wrong on purpose with a request that comes now.

    Attributes:
        ban_seconds: Until requests of this client are taken again; 0 where they are.
        clock_skew: How far the server's clock is ahead, nanoseconds; negative for behind.
        maintenance: Whether requests about accounts and orders are not taken.
    """

    ban_seconds: int = 0
    clock_skew: int = 0
    maintenance: bool = False


UNDISRUPTED: Final = Disruption()
"""As it should be."""
