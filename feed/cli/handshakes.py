"""Who connects, and with which token, for commands that speak any protocol."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from feed.dialects.client import ClientHandshake, SubscriptionSpec
from feed.dialects.discovery import codecs, dialects, with_handshake
from feed.errors import ConfigError, ProtocolError

TIMEOUT_SECONDS: Final = 10


@attrs.frozen(kw_only=True)
class Caller:
    """
    Who connects, and what for.

    Attributes:
        url: Of the server, ``ws://`` or ``wss://``.
        key: API key.
        secret: That goes with the key.
        symbol: Of the instrument that it wants to hear of.
        trust: Whose certificates it takes; None for a server without TLS.
    """

    url: str
    key: str = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    symbol: str
    trust: ssl.SSLContext | None = attrs.field(default=None, repr=False)

    def address(self, path: str, query: dict[str, str]) -> str:
        """The URL of a path on the same server; a path of the URL's own comes first."""
        parts = urlsplit(self.url)
        asked = {**query, **dict(parse_qsl(parts.query, keep_blank_values=True))}
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") or path, urlencode(asked), ""))


def subprotocols(caller: Caller, dialect: str) -> tuple[str, ...]:
    """
    What to offer in the handshake: a token, where the protocol wants one.

    Raises:
        ConfigError: The server gives none.
    """
    codec = codecs().get(dialect)
    client_handshake = None if codec is None else codec.client_handshake
    return () if client_handshake is None else (access_token(caller, client_handshake),)


def usual() -> str:
    """The protocol that is spoken when none is named: the first in which orders can be sent."""
    known = [dialects()[name] for name in with_handshake()]
    return next((dialect.name for dialect in known if dialect.trades), known[0].name)


def access_token(caller: Caller, client_handshake: ClientHandshake) -> str:
    """
    The subprotocol with a token for a key and its secret, from the server itself.

    Raises:
        ConfigError: The server gives none.
    """
    spec = SubscriptionSpec(symbols=(caller.symbol,), channels=(), key=caller.key, secret=caller.secret)
    parts = urlsplit(caller.url)
    scheme = "https" if parts.scheme == "wss" else "http"
    request = urllib.request.Request(  # noqa: S310 - the scheme stands above
        urlunsplit((scheme, parts.netloc, client_handshake.token_path, "", "")),
        method="POST",
        headers=dict(client_handshake.headers(spec)),
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=caller.trust) as answer:  # noqa: S310 - as above
            return client_handshake.subprotocol(answer.read())
    except urllib.error.HTTPError as problem:
        with problem:
            what = f"no token for this key ({problem.code} {problem.reason})"
        raise ConfigError(what, where=caller.url) from None
    except (OSError, ValueError, ProtocolError) as problem:
        raise ConfigError(f"no token ({problem})", where=caller.url) from None
