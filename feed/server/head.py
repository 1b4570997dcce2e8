"""
The request head, read with h11 before anything is decided about a connection.

The raw bytes are kept: trio-websocket reads them again. Source: RFC 9112; RFC 6455, section 4.2.1.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

import attrs
import h11

from feed.dialects.contract import Opening
from feed.errors import ClientError

_TLS_HANDSHAKE: Final = 0x16
_VERSION: Final = "13"


class BadRequest(ClientError):
    """
    A request that is answered by HTTP, and nothing else.

    Attributes:
        status: HTTP status.
        message: One sentence for the client.
        headers: Further headers of the answer.
        body: JSON to answer with; empty for the house's own wording of ``message``.
    """

    def __init__(
        self, status: int, message: str, headers: tuple[tuple[str, str], ...] = (), *, body: str = ""
    ) -> None:
        self.status = status
        self.message = message
        self.headers = headers
        self.body = body
        super().__init__(message)


@attrs.frozen(kw_only=True)
class Head:
    """
    A whole request head.

    Attributes:
        raw: Every byte received so far, of the head and whatever followed it.
        opening: What the dialects see of it.
        upgrade: Whether it asks for a WebSocket.
    """

    raw: bytes = attrs.field(repr=False)
    opening: Opening
    upgrade: bool


class HeadReader:
    """Collects bytes until they hold a request head. Sans-I/O."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._raw = b""
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=limit)

    def feed(self, data: bytes) -> Head | None:
        """
        Take the next bytes.

        Returns:
            The head once it is whole, None until then.

        Raises:
            BadRequest: The bytes are no request head, or too many.
        """
        if not self._raw and data[:1] == bytes((_TLS_HANDSHAKE,)):
            raise BadRequest(400, "This port speaks plain ws:// and http://, not TLS")
        self._raw += data
        self._parser.receive_data(data)
        try:
            event = self._parser.next_event()
        except h11.RemoteProtocolError as problem:
            raise BadRequest(problem.error_status_hint, f"Bad request: {problem}") from None
        if not isinstance(event, h11.Request):
            return None
        return _head(event, self._raw)


def _head(request: h11.Request, raw: bytes) -> Head:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
    target = urlsplit(request.target.decode("latin-1"))
    pairs = parse_qsl(target.query, keep_blank_values=True)
    opening = Opening(
        path=target.path or "/",
        query=dict(reversed(pairs)),  # the first of each name
        headers=headers,
        subprotocols=_tokens(headers.get("sec-websocket-protocol", "")),
    )
    upgrade = "websocket" in _tokens(headers.get("upgrade", "").lower())
    if upgrade:
        _check_upgrade(request.method, headers)
    return Head(raw=raw, opening=opening, upgrade=upgrade)


def _check_upgrade(method: bytes, headers: dict[str, str]) -> None:
    if method != b"GET":
        raise BadRequest(405, "A WebSocket handshake is a GET", (("Allow", "GET"),))
    if "upgrade" not in _tokens(headers.get("connection", "").lower()):
        raise BadRequest(400, "A WebSocket handshake needs the header Connection: Upgrade")
    if headers.get("sec-websocket-version") != _VERSION:
        raise BadRequest(
            426, "This server speaks WebSocket version 13", (("Sec-WebSocket-Version", _VERSION),)
        )
    if len(headers.get("sec-websocket-key", "")) != 24:
        raise BadRequest(400, "A WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes in base64")


def _tokens(value: str) -> tuple[str, ...]:
    return tuple(token.strip() for token in value.split(",") if token.strip())
