"""Endpoints made of requests about an account: key, signature, counts of orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs
import msgspec

from feed.dialects.access import Access, Problem
from feed.dialects.binance import errors
from feed.dialects.binance.account.operations import Answered, Operation, Security, admit
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.errors import ErrorBody, worded
from feed.dialects.binance.rest.endpoints import GROUP, KEY_HEADER, LIMITS, PREFIX, TIME_UNIT
from feed.dialects.binance.signing import signed_http
from feed.dialects.binance.symbols import NAME
from feed.dialects.binance.views import MarketView, time_unit
from feed.dialects.credentials import Credentials
from feed.dialects.execution import Execution
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Answer, Call, Endpoint, RestContext
from feed.model.events import Event

_GET: Final = "GET"
SIGNED: Final = (
    Parameter(
        name="recvWindow",
        meaning="For how long the request is good, milliseconds; 60000 at most.",
        optional=True,
        least=0,
        most=60_000,
        default=5000,
    ),
    Parameter(name="timestamp", meaning="When it was made, milliseconds since the Unix epoch.", most=None),
    Parameter(name="signature", meaning="Of query and body, without this; the last of them.", most=None),
)


@attrs.frozen(kw_only=True)
class KeyAccess(Access):
    """A key in the exchange's header, refused in its words."""

    def missing(self) -> Problem:
        """The refusal of a request without a key."""
        return errors.BAD_KEY_FORMAT.error()

    def refused(self) -> Problem:
        """The refusal of a key that is not accepted."""
        return errors.REJECTED_KEY.error()

    def forbidden(self) -> Problem:
        """The refusal of a key that does not have the scope."""
        return errors.REJECTED_KEY.error()


KEY: Final = KeyAccess(
    name="binanceKey",
    header=KEY_HEADER,
    dialect=NAME,
    needed=True,
    wording=worded,
    wording_type=ErrorBody,
)


def private(operation: Operation) -> Endpoint[RestContext]:
    """The endpoint of a request about an account."""
    security = operation.security
    spare = () if security is Security.USER_STREAM else SIGNED

    def handle(context: RestContext, call: Call) -> object:
        unit = time_unit(call.headers.get(TIME_UNIT, ""))
        credentials = _admitted(context, call, security)
        meter = context.meters[NAME]
        view = AccountView(
            market=MarketView.of_request(context, call),
            grant=credentials.grant,
            wallets=context.wallets,
            trading=context.settings.trading,
            unit=unit,
            count_orders=lambda number: meter.charge_orders(
                credentials.grant.account, number, context.clock()
            ),
        )
        asked = operation.ask(view, call.fields, spare=[parameter.name for parameter in spare])
        if isinstance(asked, Execution):
            return attrs.evolve(asked, answer=_as_answer(asked.answer))
        return _answer(asked)

    return Endpoint(
        method=operation.http,
        path=PREFIX + operation.path,
        summary=operation.summary,
        handle=handle,
        access=KEY,
        parameters=(*operation.parameters, *spare),
        reads_fields=True,
        form=operation.http != _GET,
        returns=operation.returns,
        refusals={
            **LIMITS,
            401: "There is no key, or it is not accepted, or does not allow this.",
            409: "One half has failed, and the other has not.",
            503: "There is maintenance, the market takes none now, or nobody knows yet whether it has acted.",
        },
        meter=NAME,
        weight=operation.weight,
        guarded=True,
        group=GROUP,
    )


def _admitted(context: RestContext, call: Call, security: Security) -> Credentials:
    disruption = context.disruption(NAME, call)
    if disruption.maintenance:
        raise errors.MAINTENANCE.error()
    credentials = context.credentials(call)
    if credentials is None:
        raise errors.REJECTED_KEY.error()
    signed = signed_http(call.query, call.content.decode("utf-8", "replace"))

    def note(good: bool) -> None:
        context.note_signature(call, good=good)

    admit(security, signed, credentials, context.clocks.good(disruption.clock_skew), note)
    return credentials


def _as_answer(answer: Callable[[Sequence[Event]], object]) -> Callable[[Sequence[Event]], object]:
    return lambda events: _answer(answer(events))


def _answer(answered: object) -> Answer:
    assert isinstance(answered, Answered)  # noqa: S101 - so operations are made
    return Answer(content=msgspec.json.encode(answered.result), headers=answered.orders.headers)
