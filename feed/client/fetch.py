"""One answer by HTTP, on Trio and on asyncio: rare enough for a thread and the standard library."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Awaitable, Callable
from http.client import HTTPException
from typing import Final

import anyio.to_thread

TIMEOUT_SECONDS: Final = 5.0
MOST_BYTES: Final = 1 << 20  # of an answer; a longer one is none of ours


def fetcher(ssl_context: ssl.SSLContext | None) -> Callable[[str], Awaitable[bytes | None]]:
    """
    Gets what a URL has; None when it cannot be had.

    Args:
        ssl_context: Whom to trust for ``https://``; None trusts whom the system trusts.
    """

    def get(url: str) -> bytes | None:
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=ssl_context) as answer:  # noqa: S310 - of the feed's own host, see Core.book_url
                body: bytes = answer.read(MOST_BYTES + 1)
        except (OSError, HTTPException):
            return None
        return body if len(body) <= MOST_BYTES else None

    async def fetch(url: str) -> bytes | None:
        return await anyio.to_thread.run_sync(get, url, abandon_on_cancel=True)

    return fetch
