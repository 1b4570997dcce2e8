"""Which web pages may connect: a browser says where a page comes from, and other programs say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from feed.server.keys import is_loopback
from feed.settings import Settings

ANY = "*"


class Origins:
    """
    The origins that are let in.

    Attributes:
        names: Those named by the operator, or ``*`` for all.
    """

    def __init__(self, settings: Settings) -> None:
        unnamed = (ANY,) if is_loopback(settings.host) else ()
        self.names = settings.allow_origin or unnamed

    def allow(self, headers: Mapping[str, str]) -> bool:
        """
        Whether a request may come in.

        Args:
            headers: Names in lower case.
        """
        origin = headers.get("origin")
        if origin is None or ANY in self.names or origin in self.names:
            return True
        # The server's own pages. "null" and other nonsense has no host.
        return bool(headers.get("host")) and _netloc(origin) == headers.get("host")


def _netloc(url: str) -> str:
    """Host and port of a URL; empty when it has none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
