"""
The request head, read before anything is decided about a connection: at a glance, or else with h11.

Of a handshake only the nonce is used then, which was checked here: whatever else a client says, no parser
sees it again. Source: RFC 9112; RFC 6455, section 4.2.1.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import attrs
import h11

from feed.dialects.contract import UpgradeRequest
from feed.errors import ClientError
from feed.server.http_parser import HttpParser

_TLS_HANDSHAKE: Final = 0x16
_VERSION: Final = "13"
_NONCE_BYTES: Final = 16
# Where h11 goes on to show what the client sent. There may be a key in it, which belongs into no answer.
_SHOWN: Final = re.compile(r":? (bytearray\(|b['\"]).*", re.DOTALL)


# A handshake as nearly every client sends it. Both patterns are linear in what they read.
_FIELD: Final = re.compile(r"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([!-~](?:[\t -~]*[!-~])?)\r\n")
_HANDSHAKE: Final = re.compile(rf"GET ([!-~]+) HTTP/1\.1\r\n((?:{_FIELD.pattern})+)\r\n")
_MAKES_A_BODY: Final = {"content-length", "transfer-encoding"}


class BadRequest(ClientError):
    """
    A request that is answered by HTTP, and nothing else.

    Attributes:
        status: HTTP status.
        message: One sentence for the client.
        headers: Further headers of the answer.
        body: JSON to answer with; empty for the server's own format of ``message``.
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
        opening: What the dialects see of it.
        nonce: Its Sec-WebSocket-Key; empty when no WebSocket is asked for.
        method: As the client wrote it.
        parser: Goes on from this head, which it gives once more, for whoever serves HTTP; None when a
            WebSocket is asked for.
    """

    opening: UpgradeRequest
    nonce: str = attrs.field(repr=False)
    method: str = "GET"
    parser: HttpParser | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def upgrade(self) -> bool:
        """Whether it asks for a WebSocket."""
        return bool(self.nonce)


class HeadReader:
    """Collects bytes until they hold a request head. Sans-I/O."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._received = 0
        self._parser: HttpParser | None = None  # made for those whom a glance does not do for

    def feed(self, data: bytes) -> Head | None:
        """
        Take the next bytes.

        Returns:
            The head once it is whole, None until then.

        Raises:
            BadRequest: The bytes are no request head, or too many.
        """
        if not self._received:
            if data[:1] == bytes((_TLS_HANDSHAKE,)):
                raise BadRequest(400, "This port speaks plain ws:// and http://, not TLS")
            head = _at_a_glance(data) if len(data) <= self._limit else None
            if head is not None:
                return head
        self._received += len(data)
        parser = self._parser = self._parser or HttpParser(self._limit)
        parser.receive_data(data)
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError as problem:
            raise BadRequest(
                problem.error_status_hint, f"Bad request: {_SHOWN.sub('', str(problem))}"
            ) from None
        if not isinstance(event, h11.Request):
            return None
        early, _ = parser.trailing_data
        if self._received - len(early) > self._limit:
            raise BadRequest(431, f"The request head is longer than {self._limit} bytes")
        head = head_of(event, early)
        if head.upgrade:
            return head
        parser.put_back(event)
        return attrs.evolve(head, parser=parser)


def head_of(request: h11.Request, early: bytes) -> Head:
    """
    The head that h11 has read; its ``parser`` is left for whoever has it to set.

    Args:
        request: As h11 gives it.
        early: What has come after it.

    Raises:
        BadRequest: It asks for a WebSocket in a way that cannot be granted.
    """
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw_items()
    }
    head = _head(request.method, request.target.decode("latin-1"), request.http_version, headers)
    if head.upgrade and early:
        raise BadRequest(400, "Nothing may follow a WebSocket handshake before it is answered")
    return head


def asks_for_websocket(request: h11.Request) -> bool:
    """Whether a request asks for a WebSocket, well or badly."""
    return any(
        name == b"upgrade" and "websocket" in _tokens(value.decode("latin-1").lower())
        for name, value in request.headers
    )


def _at_a_glance(data: bytes) -> Head | None:
    """
    The head of a handshake that came in one piece and in the usual form, None for all others.

    h11 would say the same of it, and take three times as long: a sixth of what a connection costs.
    """
    match = _HANDSHAKE.fullmatch(data.decode("latin-1"))
    if match is None:
        return None
    fields = _FIELD.findall(match[2])
    headers = {name.lower(): value for name, value in fields}
    if "upgrade" not in headers or "host" not in headers or len(headers) < len(fields):
        return None
    if not headers.keys().isdisjoint(_MAKES_A_BODY):
        return None
    head = _head(b"GET", match[1], b"1.1", headers)
    return head if head.upgrade else None


def _head(method: bytes, target: str, version: bytes, headers: dict[str, str]) -> Head:
    if version >= b"2":
        raise BadRequest(505, "This server speaks HTTP/1.1")
    try:
        url = urlsplit(target)
    except ValueError:
        raise BadRequest(400, "Bad request: the target is no URL") from None
    pairs = parse_qsl(url.query, keep_blank_values=True) if url.query else []
    opening = UpgradeRequest(
        path=url.path or "/",
        query=dict(reversed(pairs)),  # the first of each name
        headers=headers,
        subprotocols=_tokens(headers.get("sec-websocket-protocol", "")),
    )
    upgrade = "websocket" in _tokens(headers.get("upgrade", "").lower())
    nonce = _nonce(method, version, opening) if upgrade else ""
    return Head(opening=opening, nonce=nonce, method=method.decode("latin-1"))


def _nonce(method: bytes, version: bytes, opening: UpgradeRequest) -> str:
    """The nonce of a handshake that lacks nothing."""
    headers = opening.headers
    if method != b"GET":
        raise BadRequest(405, "A WebSocket handshake is a GET", (("Allow", "GET"),))
    if version < b"1.1":
        raise BadRequest(400, "A WebSocket handshake needs HTTP/1.1")
    if "upgrade" not in _tokens(headers.get("connection", "").lower()):
        raise BadRequest(400, "A WebSocket handshake needs the header Connection: Upgrade")
    if headers.get("sec-websocket-version") != _VERSION:
        raise BadRequest(
            426, "This server speaks WebSocket version 13", (("Sec-WebSocket-Version", _VERSION),)
        )
    nonce = headers.get("sec-websocket-key", "")
    if not _is_nonce(nonce):
        raise BadRequest(400, "A WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes in base64")
    if not all(map(str.isascii, opening.subprotocols)):
        raise BadRequest(400, "A name in Sec-WebSocket-Protocol is not ASCII")
    return nonce


def _is_nonce(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _NONCE_BYTES
    except ValueError:
        return False


def _tokens(value: str) -> tuple[str, ...]:
    return tuple([token.strip() for token in value.split(",") if token.strip()]) if value else ()
