"""
Tokens by which clients show that a key is theirs: JWTs, signed with the private half of it for each request.

The header names the key (``kid``) and the algorithm, ES256 or EdDSA. The claims say from when (``nbf``) until
when (``exp``) it is good, 120 seconds at most, and in REST for which request: ``uri``, or ``uris``, such as
``GET api.coinbase.com/api/v3/brokerage/accounts``. In the WebSocket it is for none, and may be used again
while it is good.

Source: "Authentication" of the REST and the WebSocket documents; RFC 7515 and 7519.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

import attrs
import msgspec

from feed.dialects.clocks import Range
from feed.dialects.coinbase.errors import unauthorized
from feed.dialects.credentials import Credentials, KeyType
from feed.model.durations import NS_PER_SECOND

GOOD_SECONDS: Final = 120
"""That a token may last."""
LEEWAY: Final = 30
"""Seconds by which the client's clock may be wrong."""
MOST_CHARACTERS: Final = 4096
"""Of a token."""
_ALGORITHMS: Final = {"ES256": KeyType.EC, "EdDSA": KeyType.ED25519}
_MOST_TIME: Final = 10**11
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


@attrs.frozen(kw_only=True)
class Token:
    """
    A token whose signature has not been checked.

    Attributes:
        algorithm: ``ES256`` or ``EdDSA``.
        key: Of whom it says that it is.
        claims: What it says.
        signed: The part of it that is signed.
        signature: As it stands at its end.
    """

    algorithm: str
    key: str
    claims: dict[str, Any] = attrs.field(repr=False)
    signed: bytes = attrs.field(repr=False)
    signature: bytes = attrs.field(repr=False)

    def check(
        self,
        credentials: Credentials,
        clocks: Iterable[Range],
        note: Callable[[bool], None],
        requests: Collection[str] | None = None,
    ) -> None:
        """
        Check that the holder of the key has made the token, for now, and for this.

        Args:
            credentials: Of the key that it names.
            clocks: First and last of times that are good, of the wall and of the market.
            note: Told whether the signature was good, once it has been checked.
            requests: All ways to write the request that it must be for; None where it need be for none.

        Raises:
            CoinbaseError: It is refused.
        """
        public = credentials.public_key
        if public is None or public.type is not _ALGORITHMS[self.algorithm]:
            raise unauthorized(f"the key does not sign with {self.algorithm}")
        good = public.verifies(self.signed, self.signature)
        note(good)
        if not good:
            raise unauthorized("the signature of the token is wrong")
        self._check_times(clocks)
        if requests is not None and not any(one in requests for one in self._uris()):
            raise unauthorized("the token is for another request")

    def _check_times(self, clocks: Iterable[Range]) -> None:
        first, last = _time(self.claims.get("nbf")), _time(self.claims.get("exp"))
        if first is None or last is None:
            raise unauthorized("the token needs nbf and exp, seconds since the Unix epoch")
        if not 0 <= last - first <= GOOD_SECONDS + 1:  # a client asks its clock twice
            raise unauthorized(f"the token must last {GOOD_SECONDS} seconds at most")
        from_, until = (first - LEEWAY) * NS_PER_SECOND, (last + LEEWAY) * NS_PER_SECOND
        if not any(from_ <= clock_last and clock_first <= until for clock_first, clock_last in clocks):
            raise unauthorized("the token is expired, or not yet good")

    def _uris(self) -> list[str]:
        several = self.claims.get("uris")
        said = [self.claims.get("uri"), *(several if isinstance(several, list) else [])]
        return [one for one in said if isinstance(one, str)]


def parsed(text: str) -> Token:
    """
    What a token says of itself.

    Raises:
        CoinbaseError: It is none.
    """
    parts = text.split(".")
    if len(text) > MOST_CHARACTERS or len(parts) != 3 or not text.isascii():
        raise unauthorized("no JWT")
    header, claims = _object(parts[0]), _object(parts[1])
    key, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(key, str) or not isinstance(algorithm, str):
        raise unauthorized("the header of the token needs kid and alg")
    if algorithm not in _ALGORITHMS or "crit" in header:
        raise unauthorized(f"the algorithm of the token must be one of {', '.join(_ALGORITHMS)}")
    if claims.get("sub", key) != key:
        raise unauthorized("sub of the token is not its kid")
    return Token(
        algorithm=algorithm,
        key=key,
        claims=claims,
        signed=f"{parts[0]}.{parts[1]}".encode(),
        signature=_bytes(parts[2]),
    )


def _object(part: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(_bytes(part))
    except (msgspec.DecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise unauthorized("no JWT")
    return value


def _bytes(part: str) -> bytes:
    if _BASE64URL.fullmatch(part) is None:
        raise unauthorized("no JWT")
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise unauthorized("no JWT") from None


def _time(value: Any) -> int | None:
    """Seconds since the Unix epoch; None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST_TIME:
        return None
    return int(value)
