"""What time it is. Source: "Get Server Time"."""

from __future__ import annotations

from feed.dialects.access import Shape
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.queries import Query
from feed.dialects.coinbase.views import MarketView
from feed.dialects.times import iso, milliseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Listing


class ServerTime(Shape):
    """
    Market time.

    Attributes:
        iso: ISO 8601 in UTC.
        epochSeconds: Seconds since the Unix epoch.
        epochMillis: Milliseconds since the Unix epoch.
    """

    iso: str
    epochSeconds: str  # noqa: N815 - as published
    epochMillis: str  # noqa: N815 - as published


def server_time(view: MarketView, fields: Fields) -> ServerTime:
    """Market time."""
    del fields
    now = view.server_time
    return ServerTime(
        iso=f"{iso(now)[:19]}Z", epochSeconds=str(now // NS_PER_SECOND), epochMillis=str(milliseconds(now))
    )


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    del listing
    return (
        Query(path="/time", summary="Market time", answer=server_time, returns=ServerTime, tells_time=True),
    )
