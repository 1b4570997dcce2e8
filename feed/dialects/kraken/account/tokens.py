"""
Tokens by which a WebSocket speaks for an account.

One is asked for by REST, and then sent along with private subscriptions and requests. It stands for the API
key that asked for it, with the scopes of that key.

Source: "Get Websockets Token" of the REST documents.
"""

from __future__ import annotations

from typing import Final

from feed.dialects.contract import SessionContext
from feed.dialects.credentials import StreamKeyRing
from feed.model.grants import Grant

TOKEN_SECONDS: Final = 900
"""That one is good from when it was last asked for."""


def new_token(keys: StreamKeyRing, holder: object) -> str:
    """The token of an API key: the active one, or a new one; ``holder`` is what is known of the key."""
    return keys.open(holder, TOKEN_SECONDS, own=True)


def grant_of(token: object, context: SessionContext) -> Grant | None:
    """What the API key allows whose token a message has; None where it is not good, or not good any more."""
    return context.check_stream_key(token) if isinstance(token, str) else None
