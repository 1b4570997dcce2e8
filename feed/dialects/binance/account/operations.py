"""A request about an account, written once: REST and the WebSocket API are made of it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import attrs

from feed.dialects.binance import errors
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.fields import Fields, Sent
from feed.dialects.binance.queries import Weight, weighs
from feed.dialects.binance.signing import Signed
from feed.dialects.clocks import Range
from feed.dialects.credentials import Credentials
from feed.dialects.execution import Execution
from feed.dialects.metering import FREE, Charge
from feed.dialects.parameters import Parameter
from feed.model.events import Event
from feed.model.grants import Grant, Scope

_LIGHT: Final = weighs(1)


class Security(enum.Enum):
    """What a request must show."""

    USER_STREAM = enum.auto()  # a key
    USER_DATA = enum.auto()  # a key and a signature
    TRADE = enum.auto()  # both, and the key must be allowed to trade


@attrs.frozen(kw_only=True)
class Answered:
    """
    An answer, and what was counted for it.

    Attributes:
        result: The answer.
        orders: Counts of orders; those of nothing where it was no order.
    """

    result: object
    orders: Charge = FREE


@attrs.frozen(kw_only=True)
class Operation:
    """
    One request, and what answers it.

    Attributes:
        http: Method of HTTP.
        path: Of REST, below the dialect's own; empty where there is none.
        method: Of the WebSocket API; empty where there is none.
        summary: One line for people.
        security: What it must show.
        parameters: All that it may have, besides those of a signed request.
        answer: Made of the account and the market; or what is to be asked of the market, and an answer then.
        returns: Type of the answer.
        weight: What a request counts.
        orders: How many orders it counts.
    """

    http: str = "GET"
    path: str = ""
    method: str = ""
    summary: str
    security: Security = Security.USER_DATA
    parameters: tuple[Parameter, ...] = ()
    answer: Callable[[AccountView, Fields], object]
    returns: Any
    weight: Weight = _LIGHT
    orders: int = 0

    def ask(self, view: AccountView, sent: Sent, *, spare: Sequence[str]) -> Answered | Execution:
        """
        The answer, or what will answer; the result of that is :class:`Answered`, too.

        Args:
            view: The account.
            sent: Parameters.
            spare: Names of those that signed requests have besides, and that are not looked at here.

        Raises:
            BinanceError: It cannot be asked so.
        """
        fields = Fields(sent, [*(parameter.name for parameter in self.parameters), *spare])
        result = self.answer(view, fields)
        charge = view.count_orders(self.orders) if self.orders else FREE
        if charge.problem is not None:
            raise charge.problem
        if isinstance(result, Execution):
            return attrs.evolve(result, answer=partial(_answered, result.answer, charge))
        return Answered(result=result, orders=charge)


def _answered(
    answer: Callable[[Sequence[Event]], object], charge: Charge, events: Sequence[Event]
) -> Answered:
    return Answered(result=answer(events), orders=charge)


def admit(
    security: Security,
    signed: Signed,
    credentials: Credentials,
    clocks: Sequence[Range],
    note: Callable[[bool], None],
) -> None:
    """
    Let a request in that shows what it must.

    Args:
        security: What it must show.
        signed: What it shows.
        credentials: Of the key that it shows.
        clocks: First and last of times that are good.
        note: Told whether the signature was good, once it has been checked.

    Raises:
        BinanceError: It does not.
    """
    if security is not Security.USER_STREAM:
        check_signature(signed, credentials, clocks, note)
    check_scope(security, credentials.grant)


def check_signature(
    signed: Signed, credentials: Credentials, clocks: Sequence[Range], note: Callable[[bool], None]
) -> None:
    """Check time and signature of a request; see :func:`admit`."""
    try:
        signed.check(credentials, clocks)
    except BinanceError as problem:
        if problem.number == errors.BAD_SIGNATURE.number:
            note(False)
        raise
    note(True)


def check_scope(security: Security, grant: Grant) -> None:
    """Check that a key allows a request; see :func:`admit`."""
    if not grant.allows(Scope.TRADE if security is Security.TRADE else Scope.READ):
        raise errors.REJECTED_KEY.error()
