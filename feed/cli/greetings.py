"""What a client says first in each protocol, for commands that speak more than one."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from feed.errors import ConfigError
from feed.model.symbols import plain

TIMEOUT_SECONDS: Final = 10


@attrs.frozen(kw_only=True)
class Greeting:
    """
    How a connection begins.

    Attributes:
        query: Added to the URL's own.
        messages: Sent at once.
        subprotocols: Offered in the handshake.
    """

    query: dict[str, str] = attrs.field(factory=dict)
    messages: tuple[str, ...] = ()
    subprotocols: tuple[str, ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class Visitor:
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


def _tradyn(visitor: Visitor) -> Greeting:
    requests = [{"type": "auth", "apiKey": visitor.key}, {"type": "subscribe", "symbol": visitor.symbol}]
    return Greeting(query={"ext": "seq"}, messages=tuple(map(json.dumps, requests)))


def _securitypro(visitor: Visitor) -> Greeting:
    common = {"op": "subscribe", "symbol": visitor.symbol, "apiKey": visitor.key}
    requests = [{**common, "channel": channel} for channel in ("ticker", "trades")]
    return Greeting(query={"ext": "seq"}, messages=tuple(map(json.dumps, requests)))


def _guide(visitor: Visitor) -> Greeting:
    name = plain(visitor.symbol)
    request = {"type": "subscribe", "channels": [f"{kind}_{name}" for kind in ("ticker", "trades", "book")]}
    return Greeting(messages=(json.dumps(request),))


def _marketai(visitor: Visitor) -> Greeting:
    kinds = ("quotes", "book", "trades", "klines")
    wanted = [{"type": kind, "symbols": [visitor.symbol]} for kind in kinds]
    requests = [{"action": "auth", "key": visitor.key}, {"action": "subscribe", "channels": wanted}]
    return Greeting(query={"ext": "seq"}, messages=tuple(map(json.dumps, requests)))


def _rails(visitor: Visitor) -> Greeting:
    streams = "orders,trades,publicTrades,publicOrderBook"
    return Greeting(
        query={"market": visitor.symbol, "subscriptions": streams, "ext": "seq,crc"},
        subprotocols=(f"authorization#{access_token(visitor)}",),
    )


GREETINGS: Final[dict[str, Callable[[Visitor], Greeting]]] = {
    "guide": _guide,
    "marketai": _marketai,
    "rails": _rails,
    "securitypro": _securitypro,
    "tradyn": _tradyn,
}


def access_token(visitor: Visitor) -> str:
    """
    A token for a key and its secret, from the server itself.

    Raises:
        ConfigError: The server gives none.
    """
    parts = urlsplit(visitor.url)
    scheme = "https" if parts.scheme == "wss" else "http"
    request = urllib.request.Request(  # noqa: S310 - the scheme stands above
        urlunsplit((scheme, parts.netloc, "/api/v1/token", "", "")),
        method="POST",
        headers={"X-Api-Key": visitor.key, "X-Api-Secret": visitor.secret},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=visitor.trust) as answer:  # noqa: S310 - as above
            return str(json.load(answer)["access_token"])
    except urllib.error.HTTPError as problem:
        with problem:
            what = f"no token for this key ({problem.code} {problem.reason})"
        raise ConfigError(what, where=visitor.url) from None
    except (OSError, ValueError, KeyError) as problem:
        raise ConfigError(f"no token ({problem})", where=visitor.url) from None
