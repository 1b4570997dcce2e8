"""Endpoints made of requests about an account: key, signature, nonce."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.credentials import Credentials
from feed.dialects.execution import Execution
from feed.dialects.kraken import errors
from feed.dialects.kraken.account.operations import NONCE, Operation, Sent
from feed.dialects.kraken.account.tokens import TOKEN_SECONDS, new_token
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import ErrorBody, KrakenError, worded
from feed.dialects.kraken.names import NAME
from feed.dialects.kraken.queries import enveloped
from feed.dialects.kraken.rest.endpoints import GROUP, KEY_HEADER, PREFIX
from feed.dialects.kraken.signing import HEADER, is_before, message, nonce_of, verified
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.model.events import Event
from feed.model.grants import Scope

SIGNED: Final = Parameter(
    name=NONCE,
    meaning="A whole number of 64 bits, higher than all that the key has sent before.",
    most=None,
    example="1616492376594",
)
REFUSALS: Final = {
    200: "It is refused; `error` says why.",
    503: "The market takes none now, or nobody knows yet whether it has acted.",
}


@attrs.frozen(kw_only=True)
class KeyAccess(Access):
    """A key in the exchange's header, refused in its words."""

    def missing(self) -> Problem:
        """The refusal of a request without a key."""
        return KrakenError(errors.INVALID_KEY)

    def refused(self) -> Problem:
        """The refusal of a key that is not accepted."""
        return KrakenError(errors.INVALID_KEY)

    def forbidden(self) -> Problem:
        """The refusal of a key that does not have the scope."""
        return KrakenError(errors.PERMISSION_DENIED)


KEY: Final = KeyAccess(
    name="krakenKey",
    header=KEY_HEADER,
    dialect=NAME,
    needed=True,
    wording=worded,
    wording_type=ErrorBody,
)


class Token(Shape):
    """
    A token by which a WebSocket speaks for the account.

    Attributes:
        token: It.
        expires: For how long it is good, seconds.
    """

    token: str
    expires: int


def private(operation: Operation) -> Endpoint[RestContext]:
    """The endpoint of a request about an account."""

    def handle(context: RestContext, call: Call) -> object:
        credentials, sent = admitted(context, call, operation.scope, weight=operation.weight)
        asked = operation.answer(AccountView.of_request(context, credentials.grant), sent)
        if isinstance(asked, Execution):
            return attrs.evolve(asked, answer=_enveloped(asked.answer))
        return _envelope(asked)

    return _endpoint(
        operation.name, operation.summary, handle, operation.result, (SIGNED, *operation.parameters)
    )


def token() -> Endpoint[RestContext]:
    """The endpoint of tokens of WebSockets."""

    def handle(context: RestContext, call: Call) -> object:
        admitted(context, call, Scope.READ)
        return _envelope(Token(new_token(context.stream_keys(NAME), call.key), TOKEN_SECONDS))

    summary = "A token by which a WebSocket speaks for the account"
    return _endpoint("GetWebSocketsToken", summary, handle, Token, (SIGNED,))


def _endpoint(
    name: str,
    summary: str,
    handle: Callable[[RestContext, Call], object],
    result: Any,
    parameters: tuple[Parameter, ...],
) -> Endpoint[RestContext]:
    return Endpoint(
        method="POST",
        path=f"{PREFIX}/0/private/{name}",
        summary=summary,
        handle=handle,
        access=KEY,
        parameters=parameters,
        reads_fields=True,
        form=True,
        returns=enveloped(name, result),
        refusals=REFUSALS,
        guarded=True,
        group=GROUP,
    )


def admitted(context: RestContext, call: Call, scope: Scope, *, weight: int = 1) -> tuple[Credentials, Sent]:
    """
    Who has signed a request, and its parameters.

    Args:
        context: The server.
        call: The request.
        scope: That the key must have.
        weight: What the request counts.

    Raises:
        KrakenError: The signature is wrong, or the nonce, or the key does not allow this, or not now, or not
            so often.
    """
    disruption = context.disruption(NAME, call)
    if disruption.ban_seconds:
        raise KrakenError(errors.TEMPORARY_LOCKOUT)
    if disruption.maintenance:
        raise KrakenError(errors.UNAVAILABLE)
    credentials = context.credentials(call)
    if credentials is None:
        raise KrakenError(errors.INVALID_KEY)
    sent = Sent(call.query, call.content)
    nonce = sent.text(NONCE) or ""
    good = verified(_signature(call.headers), _signed(call, nonce), credentials)
    context.note_signature(call, good=good)
    if not good:
        raise KrakenError(errors.INVALID_SIGNATURE)
    number = nonce_of(nonce)
    ((clock, _), *_) = context.clocks.good(disruption.clock_skew)
    if number is None or (disruption.clock_skew > 0 and is_before(number, clock)):
        raise KrakenError(errors.INVALID_NONCE)
    if not context.take_nonce(call, number):
        raise KrakenError(errors.INVALID_NONCE)
    if not credentials.grant.allows(scope):
        raise KrakenError(errors.PERMISSION_DENIED)
    problem = context.meters[NAME].charge(credentials.mark, weight, context.clock()).problem
    if problem is not None:
        raise problem
    return credentials, sent


def _signature(headers: Mapping[str, str]) -> str:
    return headers.get(HEADER) or ""


def _signed(call: Call, nonce: str) -> bytes:
    return message(call.path.removeprefix(PREFIX), nonce, call.query.encode() + call.content)


def _envelope(result: object) -> dict[str, object]:
    return {"error": [], "result": result}


def _enveloped(answer: Callable[[Sequence[Event]], object]) -> Callable[[Sequence[Event]], object]:
    return lambda events: _envelope(answer(events))
