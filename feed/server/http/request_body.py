"""The body of a request: read to its end before anybody answers, or the connection must be closed."""

from __future__ import annotations

from contextlib import aclosing
from typing import Final

import trio
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from feed.dialects.access import Problem
from feed.server.http.refusal import Refusal

_CLOSE: Final = {"Connection": "close"}


class TooLong(Problem):
    """The body goes on: there can be no other request after it."""


class LastAnswer(Refusal):
    """Sent while the client still sends, and takes what it sends out of the way meanwhile."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_drain, receive)
            await super().__call__(scope, receive, send)
            nursery.cancel_scope.cancel()


async def read_body(request: Request, most: int) -> bytes:
    """
    All of the body.

    Args:
        request: Of a client.
        most: Bytes that it may have.
    Raises:
        TooLong: It has more.
        ClientDisconnect: The client has gone.
    """
    body = bytearray()
    async with aclosing(request.stream()) as parts:
        async for part in parts:
            body += part[: most + 1 - len(body)]
            if len(body) > most:
                raise TooLong(413, "too_large", f"The body is longer than {most} bytes", _CLOSE)
    return bytes(body)


async def _drain(receive: Receive) -> None:
    while (await receive())["type"] == "http.request":
        pass
