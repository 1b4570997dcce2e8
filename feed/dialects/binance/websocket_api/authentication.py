"""Who asks, on a connection of the WebSocket API: whose key a request shows, or who has logged on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from feed.dialects.binance import errors
from feed.dialects.binance.account.operations import Security, admit, check_scope, check_signature
from feed.dialects.binance.limits import banned
from feed.dialects.binance.signing import SIGNATURE, signed_params
from feed.dialects.binance.websocket_api.messages import ApiRequest
from feed.dialects.clocks import Range
from feed.dialects.contract import SessionContext
from feed.dialects.credentials import Credentials, KeyType

API_KEY: Final = "apiKey"


@attrs.frozen(kw_only=True)
class Logon:
    """
    Who has logged on.

    Attributes:
        key: The key, as the client sent it: answers show it to that client again.
        credentials: What it allows.
        since: Market time, nanoseconds.
    """

    key: str = attrs.field(repr=False)
    credentials: Credentials
    since: int


class Authentication:
    """
    Checks the keys and signatures of one connection.

    Args:
        context: What the session may ask of the server.

    Attributes:
        logon: Who has logged on; None for nobody.
    """

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self.logon: Logon | None = None

    def admitted(self, request: ApiRequest, security: Security) -> Credentials:
        """
        Whoever asks, by the key of the request, or else by that of the connection.

        Raises:
            BinanceError: The request does not show what it must.
        """
        signed = signed_params(request.params)
        if API_KEY in request.params or SIGNATURE in request.params:
            credentials = self._shown(request)
            admit(security, signed, credentials, self._clocks(), self._context.note_signature)
            return credentials
        if self.logon is None:
            raise errors.MISSING.error(API_KEY)
        self._check_disruption()
        credentials = self.logon.credentials
        if security is not Security.USER_STREAM:
            signed.check_time(self._clocks())
        check_scope(security, credentials.grant)
        return credentials

    def log_on(self, request: ApiRequest) -> None:
        """
        Let all further requests be those of the holder of a key.

        Raises:
            BinanceError: The key is not accepted, or not of the one kind that may do this.
        """
        credentials = self._shown(request)
        kind = credentials.public_key
        if kind is None or kind.type is not KeyType.ED25519:
            name = "HMAC_SHA256" if kind is None else kind.type.value
            raise errors.UNSUPPORTED_KEY.error(name)
        signed = signed_params(request.params)
        check_signature(signed, credentials, self._clocks(), self._context.note_signature)
        self.logon = Logon(
            key=str(request.params[API_KEY]), credentials=credentials, since=self._context.now()
        )

    def log_out(self) -> None:
        """Let no further request be anybody's that does not show a key."""
        self.logon = None

    def _shown(self, request: ApiRequest) -> Credentials:
        """Of the key that a request shows."""
        key = request.params.get(API_KEY)
        if not isinstance(key, str) or not key:
            raise errors.MISSING.error(API_KEY)
        credentials = self._context.credentials(key)
        if credentials is None:
            raise errors.REJECTED_KEY.error()
        self._check_disruption()
        return credentials

    def _clocks(self) -> Sequence[Range]:
        return self._context.clocks.good(self._context.disruption().clock_skew)

    def _check_disruption(self) -> None:
        """Refuse who is banned by the key that has just been shown, and everybody during maintenance."""
        disruption = self._context.disruption()
        if disruption.ban_seconds:
            raise banned(disruption.ban_seconds, self._context.clock())
        if disruption.maintenance:
            raise errors.MAINTENANCE.error()
