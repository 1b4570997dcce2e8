"""
Signed requests: what is signed, and when a timestamp is good.

By HTTP the query and the body are signed as they stand one after the other, without ``signature``; in the
WebSocket API the parameters sorted by name. The exchange asks for the percent-encoded form; older clients
sign the values before they encode them, which is accepted too.

Source: "SIGNED Endpoint security" of the REST document, "Request security" of the WebSocket API's.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import attrs
import msgspec

from feed.dialects.binance import errors
from feed.dialects.clocks import Range
from feed.dialects.credentials import Credentials, KeyType, hmac_matches
from feed.model.durations import NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND

SIGNATURE: Final = "signature"
DEFAULT_RECV_WINDOW: Final = 5000
"""Milliseconds."""
MOST_RECV_WINDOW: Final = 60_000
"""Milliseconds."""
AHEAD: Final = NS_PER_SECOND
"""By how much a timestamp may be ahead of the server's time, nanoseconds; by less than that."""
MICROSECONDS: Final = 10**14
"""From here on a timestamp is microseconds since the Unix epoch; below, milliseconds."""
_WINDOW: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?", re.ASCII)
_WINDOW_RANGE: Final = "^[0-9]{1,12}(\\.[0-9]{1,3})?$"
_TIME: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_TIME_RANGE: Final = "^[0-9]{1,20}$"
_MOST_LONG: Final = 2**63 - 1
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


@attrs.frozen(kw_only=True)
class Signed:
    """
    A request with the parameters that make it a signed one.

    Attributes:
        payloads: Texts that the client may have signed.
        signature: As it was sent, decoded; None when it was not.
        timestamp: The same.
        recv_window: The same.
    """

    payloads: tuple[str, ...] = attrs.field(repr=False)
    signature: str | None = attrs.field(repr=False)
    timestamp: str | None
    recv_window: str | None

    def check(self, credentials: Credentials, clocks: Iterable[Range]) -> None:
        """
        Check time and signature.

        Args:
            credentials: Of the key that came with the request.
            clocks: First and last of times that are good, of the wall and of the market.

        Raises:
            BinanceError: The request is refused.
        """
        if not self.signature:
            raise errors.MISSING.error(SIGNATURE)
        self.check_time(clocks)
        if not self.verified(credentials):
            raise errors.BAD_SIGNATURE.error()

    def check_time(self, clocks: Iterable[Range]) -> None:
        """Check that the request was made just now, by one of ``clocks``. Raises as :meth:`check`."""
        if not self.timestamp:
            raise errors.MISSING.error("timestamp")
        at = _nanoseconds(self.timestamp)
        window = _window(self.recv_window)
        times = [min(max(at, first), last) for first, last in clocks]
        if any(at < now + AHEAD and now - at <= window for now in times):
            return
        nearest = min(times, key=lambda now: abs(at - now))  # that the client has meant
        raise errors.AHEAD_OF_SERVER.error() if at >= nearest + AHEAD else errors.OUTSIDE_WINDOW.error()

    def verified(self, credentials: Credentials) -> bool:
        """Whether the holder of the key has signed the request."""
        signature = self.signature or ""
        if credentials.secret is not None:
            if _HEX.fullmatch(signature) is None:
                return False
            secret, digest = credentials.secret.encode(), bytes.fromhex(signature)
            return any(
                hmac_matches(secret, payload.encode("utf-8", "surrogatepass"), digest, algorithm="sha256")
                for payload in self.payloads
            )
        key = credentials.public_key
        if key is None or key.type is KeyType.EC:
            raise errors.REJECTED_KEY.error()
        raw = _base64(signature)
        return raw is not None and any(
            key.verifies(payload.encode("utf-8", "surrogatepass"), raw) for payload in self.payloads
        )


def signed_http(query: str, body: str) -> Signed:
    """
    A request by HTTP.

    Args:
        query: Of the URL, percent-encoded as it was sent.
        body: A form, the same.
    """
    parts = [_pairs(query), _pairs(body)]
    sent = {unquote_plus(name): unquote_plus(value) for pairs in reversed(parts) for name, value in pairs}
    # A client that encodes nothing may have meant a plus.
    forms: tuple[Callable[[str], str], ...] = (str, unquote_plus, unquote)
    payloads = (
        "".join(_joined((form(name), form(value)) for name, value in _unsigned(pairs)) for pairs in parts)
        for form in forms
    )
    return Signed(
        payloads=_distinct(payloads),
        signature=sent.get(SIGNATURE),
        timestamp=sent.get("timestamp"),
        recv_window=sent.get("recvWindow"),
    )


def signed_params(params: Mapping[str, Any]) -> Signed:
    """A request of the WebSocket API, by its ``params``: texts, numbers, booleans, lists."""
    texts = {name: _text(value) for name, value in params.items()}
    covered = sorted((name, texts[name]) for name in texts if name != SIGNATURE)
    # Python's own True and False are what one client signs.
    spelled = [
        (name, str(value) if isinstance(value := params[name], bool) else text) for name, text in covered
    ]
    payloads = (
        _joined(covered),
        _joined((quote_plus(name), quote_plus(value)) for name, value in covered),
        _joined((quote(name, safe="!'()*~"), quote(value, safe="!'()*~")) for name, value in covered),
        _joined((quote_plus(name), quote_plus(value)) for name, value in spelled),
    )
    return Signed(
        payloads=_distinct(payloads),
        signature=texts.get(SIGNATURE),
        timestamp=texts.get("timestamp"),
        recv_window=texts.get("recvWindow"),
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    pieces = (piece.partition("=") for piece in text.split("&") if piece)
    return [(name, value) for name, _, value in pieces]


def _unsigned(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in pairs if name != SIGNATURE)


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _nanoseconds(text: str) -> int:
    if _TIME.fullmatch(text) is None:
        raise errors.ILLEGAL_CHARACTERS.error("timestamp", _TIME_RANGE)
    number = int(text)
    if number > _MOST_LONG:
        raise errors.OVERFLOW.error("timestamp")
    return number * (NS_PER_MICROSECOND if number >= MICROSECONDS else NS_PER_MILLISECOND)


def _window(text: str | None) -> int:
    """A ``recvWindow``, milliseconds with up to three decimals, in nanoseconds."""
    if text is None:
        return DEFAULT_RECV_WINDOW * NS_PER_MILLISECOND
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise errors.ILLEGAL_CHARACTERS.error("recvWindow", _WINDOW_RANGE)
    window = int(found[1]) * NS_PER_MILLISECOND + int((found[2] or "").ljust(3, "0")) * NS_PER_MICROSECOND
    if window > MOST_RECV_WINDOW * NS_PER_MILLISECOND:
        raise errors.RECV_WINDOW_TOO_LARGE.error()
    return window


def _base64(text: str) -> bytes | None:
    """The bytes of a signature; one client percent-encodes it, and then encodes the form with it again."""
    while "%" in text:
        plain = unquote_plus(text)
        if plain == text:
            return None
        text = plain
    try:
        # A plus that was not encoded reads as a space.
        return base64.b64decode(text.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        return None
