"""
Who asks: the holder of a key, by a token or by a signature of the older kind.

Both are looked at wherever they stand, also where none is needed: who has a wrong one hears of it.

Source: "WebSocket Authentication"; for the older kind the programs that still sign so.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import attrs

from feed.dialects.clocks import Range
from feed.dialects.coinbase.authentication import LEEWAY, parsed
from feed.dialects.coinbase.errors import CoinbaseError
from feed.dialects.coinbase.streams.requests import Proof, Refused, Request
from feed.dialects.contract import SessionContext
from feed.dialects.credentials import Credentials
from feed.model.durations import NS_PER_SECOND
from feed.model.grants import Grant

FAILURE: Final = "authentication failure"
_MOST_DIGITS: Final = 11


@attrs.frozen
class Holder:
    """
    Who holds a key.

    Attributes:
        grant: What the key allows.
    """

    grant: Grant

    @classmethod
    def of(cls, request: Request, context: SessionContext) -> Holder:
        """
        Who has proved to be the holder of a key.

        Args:
            request: With a proof.
            context: What the server knows of keys.

        Raises:
            Refused: The proof is not good.
        """
        proof = request.proof
        try:
            if proof.jwt is not None:
                return cls(_by_token(proof.jwt, context).grant)
        except CoinbaseError as problem:
            raise Refused(f"{FAILURE}: {problem.message}") from None
        return cls(_by_signature(proof, request, context).grant)


def _by_token(jwt: str, context: SessionContext) -> Credentials:
    token = parsed(jwt)
    credentials = context.credentials(token.key)
    if credentials is None:
        raise Refused(FAILURE)
    token.check(credentials, _clocks(context), context.note_signature)
    return credentials


def _by_signature(proof: Proof, request: Request, context: SessionContext) -> Credentials:
    """What is signed is the time, the channel and the products, one after the other."""
    credentials = context.credentials(proof.api_key or "")
    timestamp = proof.timestamp or ""
    if credentials is None or credentials.secret is None or not _is_time(timestamp):
        raise Refused(FAILURE)
    signed = f"{timestamp}{request.channel}{','.join(request.product_ids)}"
    expected = hmac.new(credentials.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    shown = (proof.signature or "").encode("utf-8", "surrogatepass")
    good = hmac.compare_digest(expected.encode(), shown)
    context.note_signature(good)
    moment, leeway = int(timestamp) * NS_PER_SECOND, LEEWAY * NS_PER_SECOND
    in_time = any(first - leeway <= moment <= last + leeway for first, last in _clocks(context))
    if not good or not in_time:
        raise Refused(FAILURE)
    return credentials


def _clocks(context: SessionContext) -> tuple[Range, ...]:
    return context.clocks.good(context.disruption().clock_skew)


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
