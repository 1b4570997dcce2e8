"""Which web pages may see public data: browsers say where a page comes from, other programs say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from feed.model.arrival import Arrival
from feed.server.guard import ANY
from feed.settings import Settings


class Origins:
    """
    The origins that are let in.

    Attributes:
        names: Those named by the operator, or ``*`` for all.
    """

    def __init__(self, settings: Settings) -> None:
        self.names = settings.allow_origin

    def at(self, arrival: Arrival) -> tuple[str, ...]:
        """The origins that may come in there: within this machine all, unless the operator names some."""
        return self.names or ((ANY,) if arrival.within else ())

    def allow(self, headers: Mapping[str, str], arrival: Arrival) -> bool:
        """
        Whether a request may come in.

        Args:
            headers: Names in lower case.
            arrival: Where it arrived.
        """
        origin = headers.get("origin")
        names = self.at(arrival)
        if origin is None or ANY in names or origin in names:
            return True
        # The server's own pages. "null" and other nonsense has no host.
        return bool(headers.get("host")) and _netloc(origin) == headers.get("host")


def _netloc(url: str) -> str:
    """Host and port of a URL; empty when it has none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
