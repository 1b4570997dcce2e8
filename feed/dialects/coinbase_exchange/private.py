"""Endpoints made of requests about an account: key, signature, passphrase."""

from __future__ import annotations

from typing import Final

import attrs

from feed.dialects.access import Access, Problem
from feed.dialects.coinbase_exchange.account.table import Operation
from feed.dialects.coinbase_exchange.account.view import AccountView
from feed.dialects.coinbase_exchange.errors import (
    MAINTENANCE,
    ErrorBody,
    ExchangeError,
    bad,
    worded,
)
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.products import NAME
from feed.dialects.coinbase_exchange.queries import Page
from feed.dialects.coinbase_exchange.signing import (
    WrongSignature,
    invalid_key,
    signed_http,
    unauthorized,
)
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.model.grants import Grant, Scope

KEY_HEADER: Final = "CB-ACCESS-KEY"


@attrs.frozen(kw_only=True)
class KeyAccess(Access):
    """A key in the exchange's header, refused in its words."""

    def missing(self) -> Problem:
        """The refusal of a request without a key."""
        return unauthorized(f"{KEY_HEADER} header is required")

    def refused(self) -> Problem:
        """The refusal of a key that is not accepted."""
        return invalid_key()

    def forbidden(self) -> Problem:
        """The refusal of a key that does not have the scope."""
        return ExchangeError(403, "Forbidden")


KEY: Final = KeyAccess(
    name="coinbaseExchangeKey",
    header=KEY_HEADER,
    dialect=NAME,
    needed=True,
    wording=worded,
    wording_type=ErrorBody,
)


def private(operation: Operation, prefix: str, group: str) -> Endpoint[RestContext]:
    """
    The endpoint of a request about an account.

    Args:
        operation: The request.
        prefix: Of the dialect.
        group: Heading in documents.
    """

    def handle(context: RestContext, call: Call) -> object:
        grant = _admitted(context, call, operation, prefix)
        view = AccountView.of_request(context, call, grant)
        answer = operation.answer(view, Fields(call.fields, call.values), call.content)
        return answer.answer() if isinstance(answer, Page) else answer

    return Endpoint(
        method=operation.method,
        path=prefix + operation.path,
        summary=operation.summary,
        handle=handle,
        access=KEY,
        parameters=operation.parameters,
        reads_fields=True,
        returns=operation.returns,
        refusals={
            401: "There is no key, or it is not accepted, or the request is not signed with it.",
            404: "There is no such thing.",
            503: "The market takes no orders now, or nobody knows yet whether it has acted.",
        },
        guarded=True,
        group=group,
    )


def _admitted(context: RestContext, call: Call, operation: Operation, prefix: str) -> Grant:
    disruption = context.disruption(NAME, call)
    if disruption.maintenance:
        raise bad(MAINTENANCE)
    credentials = context.credentials(call)
    if credentials is None:
        raise invalid_key()
    signed = signed_http(operation.method, call, prefix)
    try:
        signed.check(credentials, context.clocks.good(disruption.clock_skew))
    except WrongSignature:
        context.note_signature(call, good=False)
        raise
    context.note_signature(call, good=True)
    if not credentials.grant.allows(Scope.TRADE if operation.trades else Scope.READ):
        raise KEY.forbidden()
    return credentials.grant
