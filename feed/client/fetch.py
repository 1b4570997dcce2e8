"""Single HTTP requests, on Trio and on asyncio: rare enough for a thread and the standard library."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from http.client import HTTPException
from typing import Final

import anyio.to_thread

TIMEOUT_SECONDS: Final = 5.0
Answer = tuple[int, bytes]
"""HTTP status, 0 where nobody answered, and the body."""
MOST_BYTES: Final = 1 << 20  # of an answer; a longer one is none of ours


def fetcher(ssl_context: ssl.SSLContext | None) -> Callable[[str], Awaitable[bytes | None]]:
    """
    Gets what a URL has; None when it cannot be had.

    Args:
        ssl_context: Whom to trust for ``https://``; None trusts whom the system trusts.
    """

    def get(url: str) -> bytes | None:
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=ssl_context) as answer:  # noqa: S310 - of the feed's own host
                body: bytes = answer.read(MOST_BYTES + 1)
        except (OSError, HTTPException):
            return None
        return body if len(body) <= MOST_BYTES else None

    async def fetch(url: str) -> bytes | None:
        return await anyio.to_thread.run_sync(get, url, abandon_on_cancel=True)

    return fetch


def poster(ssl_context: ssl.SSLContext | None) -> Callable[[str, Mapping[str, str]], Awaitable[Answer]]:
    """
    Sends a ``POST`` with headers and no body; gives status and body of the answer, status 0 without one.

    Args:
        ssl_context: Whom to trust for ``https://``; None trusts whom the system trusts.
    """

    def post(url: str, headers: Mapping[str, str]) -> Answer:
        request = urllib.request.Request(url, method="POST", headers=dict(headers))  # noqa: S310 - as above
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=ssl_context) as answer:  # noqa: S310
                return answer.status, answer.read(MOST_BYTES)
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, b""
        except (OSError, HTTPException):
            return 0, b""

    async def send(url: str, headers: Mapping[str, str]) -> Answer:
        return await anyio.to_thread.run_sync(post, url, headers, abandon_on_cancel=True)

    return send
