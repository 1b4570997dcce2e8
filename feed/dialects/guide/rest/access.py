"""Who may ask, and where: a key in ``X-API-Key``."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Access
from feed.dialects.guide.channels import NAME
from feed.dialects.rest import Call

GROUP: Final = "The guide"
PREFIX: Final = "/guide/api/v1"
KEY: Final = Access(name="guideKey", header="X-API-Key", dialect=NAME, needed=True)


def owner(call: Call) -> str:
    """Name of the key of a request that wants one."""
    assert call.grant is not None  # noqa: S101 - the endpoint wants a key
    return call.grant.name
