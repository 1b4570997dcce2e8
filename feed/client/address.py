"""Where to connect, and with what: the URL with its options, and a token where a protocol wants one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from feed.dialects.client import Codec, SubscriptionSpec
from feed.errors import ClientError, ProtocolError

_REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class KeyRefused(ClientError):
    """The server does not accept the key, and never did: a retry would not help."""


class ServerAddress:
    """
    The way to a server.

    Attributes:
        given: Its URL, as the user gave it.
    """

    def __init__(self, codec: Codec, spec: SubscriptionSpec, url: str) -> None:
        self.given = url
        self._parts = urlsplit(url)
        self._query = dict(parse_qsl(self._parts.query, keep_blank_values=True))
        self._client_handshake = codec.client_handshake
        self._spec = spec

    @property
    def since(self) -> str:
        """The position in the URL that the user gave; empty without."""
        return self._query.get("since", "")

    def url(self, options: Mapping[str, str], *, ours: bool = True) -> str:
        """
        The URL with what the protocol wants in it, and options of ours.

        Args:
            options: Of ours.
            ours: Whether they say where to go on, and not what the user wrote.
        """
        asked = self._client_handshake.query(self._spec) if self._client_handshake is not None else {}
        said = {name: text for name, text in self._query.items() if not (ours and name == "since")}
        query = {**said, **asked, **options}
        return (
            self.given if query == self._query else urlunsplit(self._parts._replace(query=urlencode(query)))
        )

    def token_request(self) -> tuple[str, Mapping[str, str]] | None:
        """URL and headers to get a token with; None where the protocol has none."""
        client_handshake = self._client_handshake
        if client_handshake is None:
            return None
        parts = self._parts
        scheme = "https" if parts.scheme == "wss" else "http"
        return f"{scheme}://{parts.netloc}{client_handshake.token_path}", client_handshake.headers(self._spec)

    def ticket(self, status: int, body: bytes, *, trusted: bool) -> str:
        """
        The subprotocol to offer, from the answer with the token.

        Args:
            status: HTTP status of the answer; 0 when there was none.
            body: Of the answer.
            trusted: Whether the key has been good before.

        Raises:
            KeyRefused: There is no token for this key, and never was.
            ProtocolError: There is none now.
        """
        if self._client_handshake is None:
            raise RuntimeError("this protocol has no tokens")
        if status in _REFUSED and not trusted:
            raise KeyRefused(f"no token for it: HTTP {status}")
        if status != HTTPStatus.OK:
            raise ProtocolError(f"no token: HTTP {status}" if status else "no token: no answer")
        return self._client_handshake.subprotocol(body)
