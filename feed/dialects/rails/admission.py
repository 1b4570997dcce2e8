"""Who may connect, and for what: everything that the document says of the handshake."""

from __future__ import annotations

from typing import Final

import attrs

from feed.dialects.contract import AdmissionResult, Bearer, SessionContext, UpgradeRequest
from feed.dialects.messages import unknown
from feed.dialects.options import Options, options
from feed.dialects.rails import channels
from feed.errors import ClientError, ProtocolError
from feed.model.grants import Grant, Scope, Tier
from feed.model.instruments import Listing
from feed.model.symbols import symbols

ALL: Final = "ALL"
EXTENSIONS: Final = ("seq", "crc")
TOKEN_PREFIX: Final = "authorization#"  # noqa: S105 - the name of a place
_MAKERS: Final = (Tier.PRO, Tier.MAX)


class AdmissionRefused(ClientError):
    """
    No connection: an HTTP status, and why.

    Attributes:
        status: HTTP status.
        message: One sentence.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


@attrs.frozen(kw_only=True)
class Admission:
    """
    What a connection is for.

    Attributes:
        bearer: Who holds the token.
        subprotocol: The one that carried it.
        market: Index of the instrument; None for all of them.
        streams: Subscribed from the start.
        options: Connection options.
    """

    bearer: Bearer
    subprotocol: str = attrs.field(repr=False)
    market: int | None
    streams: tuple[str, ...]
    options: Options


def admit(opening: UpgradeRequest, context: SessionContext) -> Admission:
    """
    Check a handshake.

    Raises:
        AdmissionRefused: 401 without a good token, 403 for a key that may not trade or too many connections,
            429 for too many new ones, 400 for anything else.
    """
    subprotocol = next((name for name in opening.subprotocols if name.startswith(TOKEN_PREFIX)), None)
    if subprotocol is None:
        raise AdmissionRefused(401, f"Sec-WebSocket-Protocol must carry {TOKEN_PREFIX}<token>")
    bearer = context.check_token(subprotocol.removeprefix(TOKEN_PREFIX))
    if bearer is None:
        raise AdmissionRefused(401, "Invalid or expired token")
    if not bearer.grant.allows(Scope.TRADE):
        raise AdmissionRefused(403, "A read-only API key cannot use WebSocket")
    if bearer.grant.account < 1:
        raise AdmissionRefused(403, "The API key has no account")
    try:
        wanted = opening.query.get("subscriptions", "")
        admission = Admission(
            bearer=bearer,
            subprotocol=subprotocol,
            market=_market(opening, context),
            streams=channels.checked(wanted.split(",")) if wanted else channels.DEFAULT,
            options=options(opening.query, EXTENSIONS),
        )
    except ProtocolError as problem:
        raise AdmissionRefused(400, problem.message) from None
    _enter(bearer.grant, context)
    return admission


def _market(opening: UpgradeRequest, context: SessionContext) -> int | None:
    name = opening.query.get("market", "")
    if not name:
        raise ProtocolError("The query parameter market is missing")
    if name == ALL:
        return None
    return market_index(name, context.listing)


def market_index(name: str, listing: Listing) -> int:
    """
    Index of the instrument that a client calls a market.

    Raises:
        ProtocolError: There is none.
    """
    known = symbols(listing)
    index = known.index(name)
    if index is None:
        raise ProtocolError(unknown("market", [name], known.near))
    return index


def _enter(grant: Grant, context: SessionContext) -> None:
    policy = context.policies.rails
    if grant.tier in _MAKERS:
        bounds = policy.maker_connections, policy.maker_connections_per_minute
    else:
        bounds = policy.connections, policy.connections_per_minute
    match context.enter(f"rails account {grant.account}", *bounds):
        case AdmissionResult.TOO_MANY:
            raise AdmissionRefused(403, f"Connection limit ({bounds[0]}) reached")
        case AdmissionResult.TOO_OFTEN:
            raise AdmissionRefused(429, f"More than {bounds[1]} new connections in a minute")
