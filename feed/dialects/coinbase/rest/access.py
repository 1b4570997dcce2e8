"""Who may ask: a key in a token of its holder's, or beside a signature of the older kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs

from feed.dialects.access import Access, Problem
from feed.dialects.coinbase.authentication import Token, parsed
from feed.dialects.coinbase.errors import MISSING_SCOPES, CoinbaseError, ErrorBody, unauthorized, worded
from feed.dialects.coinbase.products import NAME
from feed.dialects.credentials import Credentials, hmac_matches
from feed.dialects.rest import Call, RestContext
from feed.model.durations import NS_PER_SECOND
from feed.model.grants import Scope

PREFIX: Final = f"/{NAME}"
API: Final = f"{PREFIX}/api/v3/brokerage"
GROUP: Final = "Coinbase Advanced Trade"
KEY_HEADER: Final = "CB-ACCESS-KEY"
SIGNATURE_HEADER: Final = "CB-ACCESS-SIGN"
TIME_HEADER: Final = "CB-ACCESS-TIMESTAMP"
HOST: Final = "api.coinbase.com"
"""The exchange's own, which some programs write into their tokens whatever server they ask."""
TIMESTAMP_SECONDS: Final = 30
"""By which the time of a signature may differ from the server's."""
_BEARER: Final = "bearer "
_TOKEN_HEADER: Final = "Authorization"  # noqa: S105 - the name of a header
_SCHEMES: Final = ("", "http://", "https://")
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_TIMESTAMP: Final = re.compile(r"([0-9]{1,11})(?:\.[0-9]{1,9})?", re.ASCII)


@attrs.frozen(kw_only=True)
class KeyAccess(Access):
    """A key that a token names, or a header of the older kind; refused in the exchange's words."""

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """The key that a request presents; None for none."""
        token = _token(headers)
        return headers.get(KEY_HEADER) if token is None else token.key

    def missing(self) -> Problem:
        """The refusal of a request without a key."""
        return unauthorized()

    def refused(self) -> Problem:
        """The refusal of a key that is not accepted."""
        return unauthorized("the key is not known, or not good for this")

    def forbidden(self) -> Problem:
        """The refusal of a key that does not have the scope."""
        return CoinbaseError(403, "PERMISSION_DENIED", MISSING_SCOPES)


ANYBODY: Final = KeyAccess(
    header=KEY_HEADER, dialect=NAME, passes_over=True, wording=worded, wording_type=ErrorBody
)
READER: Final = KeyAccess(
    name="coinbaseKey",
    header=_TOKEN_HEADER,
    prefix="Bearer ",
    dialect=NAME,
    needed=True,
    wording=worded,
    wording_type=ErrorBody,
)
TRADER: Final = attrs.evolve(READER, scope=Scope.TRADE)


def admitted(context: RestContext, call: Call, method: str) -> Credentials:
    """
    Let in a request whose sender holds the key that it names.

    Args:
        context: The server.
        call: The request.
        method: Of HTTP.

    Raises:
        CoinbaseError: The sender does not, or nobody is let in for now.
    """
    disruption = context.disruption(NAME, call)
    if disruption.maintenance:
        raise CoinbaseError(503, "UNAVAILABLE", "The exchange is under maintenance")
    credentials = context.credentials(call)
    if credentials is None:
        raise unauthorized()
    clocks = context.clocks.good(disruption.clock_skew)

    def note(good: bool) -> None:
        context.note_signature(call, good=good)

    token = _token(call.headers)
    if token is not None:
        token.check(credentials, clocks, note, _requests(call, method))
        return credentials
    time = _TIMESTAMP.fullmatch(call.headers.get(TIME_HEADER, ""))
    if time is None:
        raise unauthorized(f"{TIME_HEADER} must be seconds since the Unix epoch")
    at, away = int(time[1]) * NS_PER_SECOND, (TIMESTAMP_SECONDS + 1) * NS_PER_SECOND
    if not any(first - away <= at <= last + away for first, last in clocks):
        raise CoinbaseError(401, "authentication_error", "request timestamp expired")
    good = _signed(call, method, time[0], credentials)
    note(good)
    if not good:
        raise unauthorized("invalid signature")
    return credentials


def _token(headers: Mapping[str, str]) -> Token | None:
    value = headers.get(_TOKEN_HEADER)
    if value is None:
        return None
    if value[: len(_BEARER)].lower() != _BEARER:
        raise unauthorized(f"{_TOKEN_HEADER} must read Bearer and a JWT")
    return parsed(value[len(_BEARER) :].strip())


def _requests(call: Call, method: str) -> frozenset[str]:
    """All ways to write the request in a token."""
    hosts = (call.base.partition("://")[2], HOST)
    return frozenset(
        f"{method} {scheme}{host}{path}" for scheme in _SCHEMES for host in hosts for path in _paths(call)
    )


def _paths(call: Call) -> tuple[str, ...]:
    """The path as this server has it, and as the exchange does."""
    return call.path, call.path.removeprefix(PREFIX)


def _signed(call: Call, method: str, timestamp: str, credentials: Credentials) -> bool:
    """Whether the holder of a secret has signed the request, with its query or without."""
    signature = call.headers.get(SIGNATURE_HEADER, "")
    if credentials.secret is None or _HEX.fullmatch(signature) is None:
        return False
    secret, digest = credentials.secret.encode(), bytes.fromhex(signature)
    queries = ("", f"?{call.query}") if call.query else ("",)
    heads = [f"{timestamp}{method}{path}{query}".encode() for path in _paths(call) for query in queries]
    matches = [hmac_matches(secret, head + call.content, digest, algorithm="sha256") for head in heads]
    return any(matches)
