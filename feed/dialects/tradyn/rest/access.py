"""Who may ask, how a refusal is worded, and whose account it is."""

from __future__ import annotations

from typing import Final, Literal

import attrs
import msgspec

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.numbers import Number, number
from feed.dialects.rest import Call, RestContext
from feed.model.accounts import Account, Accounts
from feed.model.events import OrderChanged
from feed.model.grants import Scope, Tier
from feed.model.margin import Valuation
from feed.model.requests import PARTS
from feed.settings import Trading

GROUP: Final = "Tradyn"
NOT_CONNECTED: Final = "Not connected to trading server"


class Failure(Shape):
    """
    A request that was refused.

    Attributes:
        error: One sentence.
        currency: Of the two figures that follow, where margin is what was missing.
        required: Margin and fee that the order would have taken.
        freeMargin: What there was.
    """

    success: Literal[False]
    error: str
    currency: str | msgspec.UnsetType = msgspec.UNSET
    required: Number | msgspec.UnsetType = msgspec.UNSET
    freeMargin: Number | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - in the document's style


class InsufficientMargin(Problem):
    """
    The account cannot carry an order.

    Attributes:
        currency: Of the money.
        decimals: Of its unit.
        required: Margin and fee that the order would have taken, units of money.
        free: What there was, units of money.
    """

    def __init__(self, message: str, currency: str, decimals: int, *, required: int, free: int) -> None:
        super().__init__(400, "insufficient_margin", message)
        self.currency = currency
        self.decimals = decimals
        self.required = required
        self.free = free


def flat(problem: Problem) -> Failure:
    """With one sentence, as the document has it; with the figures where money is what is missing."""
    failure = Failure(success=False, error=problem.message)
    if isinstance(problem, InsufficientMargin):
        failure.currency = problem.currency
        failure.required = number(problem.required, problem.decimals)
        failure.freeMargin = number(problem.free, problem.decimals)
    return failure


BEARER: Final = Access(
    name="bearer",
    header="Authorization",
    prefix="Bearer ",
    dialect="tradyn",
    needed=True,
    bad_key=403,
    wording=flat,
    wording_type=Failure,
)
BEARER_TRADE: Final = attrs.evolve(BEARER, scope=Scope.TRADE)


@attrs.frozen(kw_only=True)
class Holder:
    """
    The account of a call.

    Attributes:
        number: Which.
        tier: Of the key.
        accounts: All of them.
        values: What accounts hold and own at mark prices.
        trading: What accounts can do.
        preferred: Leverage of one that has chosen none; 0 for the most that there is.
    """

    number: int
    tier: Tier
    accounts: Accounts
    values: Valuation
    trading: Trading
    preferred: int

    @property
    def account(self) -> Account:
        """What it owns and owes."""
        return self.accounts.find(self.number)

    @property
    def leverage(self) -> int:
        """That its next order has, where it names none."""
        most = self.trading.leverage
        return min(self.preferred or most, most) if self.account.idle else self.account.leverage

    def shortfall(self, message: str, order: OrderChanged) -> InsufficientMargin:
        """Why it could not carry an order."""
        money, at = self.accounts.money, order.instrument
        currency = money.currencies[at]
        value = order.left * order.price * money.scales[at]
        required = self.values.required(self.number, at, order.side, value, order.leverage)
        required += value * self.trading.taker_fee // PARTS
        free = self.values.margin(self.number, currency).available
        return InsufficientMargin(message, currency, money.decimals[currency], required=required, free=free)


def holder(context: RestContext, call: Call) -> Holder:
    """
    The account of a key.

    Raises:
        Problem: 503 where nobody can trade, 403 for a key without an account.
    """
    accounts, grant = context.accounts, call.grant
    if accounts is None:
        raise Problem(503, "unavailable", NOT_CONNECTED)
    if grant is None or not grant.account:
        raise Problem(403, "forbidden", "The API key has no account")
    trading = context.settings.trading
    values = Valuation(
        accounts=accounts,
        mark=context.market_state.mark_price,
        maintenance=trading.maintenance,
    )
    return Holder(
        number=grant.account,
        tier=grant.tier,
        accounts=accounts,
        values=values,
        trading=trading,
        preferred=context.settings.policies.tradyn.leverage,
    )
