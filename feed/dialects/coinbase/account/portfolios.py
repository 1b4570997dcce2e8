"""The one portfolio of an account, and what it is worth. Source: "Portfolios"."""

from __future__ import annotations

from typing import Any, Final

from feed.dialects.access import Shape
from feed.dialects.coinbase.account.balances import PORTFOLIO, Amount
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.errors import CoinbaseError
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.products import is_fiat
from feed.dialects.coinbase.rates import Rates
from feed.dialects.numbers import Number, number
from feed.model.instruments import decimal_text

_SHARE_DECIMALS: Final = 6


class Portfolio(Shape):
    """
    The one portfolio.

    Attributes:
        name: For people.
        uuid: Id of it.
        type: Always DEFAULT.
        deleted: Never.
    """

    name: str
    uuid: str
    type: str
    deleted: bool


class PortfolioList(Shape):
    """
    Portfolios.

    Attributes:
        portfolios: The one that there is.
    """

    portfolios: list[Portfolio]


class Position(Shape):
    """
    What is held of an asset.

    Attributes:
        asset: Which asset.
        account_uuid: Id of it.
        total_balance_fiat: What it is worth, US dollars.
        total_balance_crypto: How much it is.
        available_to_trade_fiat: What of it is worth that no order locks.
        available_to_trade_crypto: How much of it no order locks.
        allocation: Its share of all that is held.
        is_cash: Whether it is money of a state.
    """

    asset: str
    account_uuid: str
    total_balance_fiat: Number
    total_balance_crypto: Number
    available_to_trade_fiat: Number
    available_to_trade_crypto: Number
    allocation: Number
    is_cash: bool


class Breakdown(Shape):
    """
    What the portfolio holds.

    Attributes:
        portfolio: The one that there is.
        portfolio_balances: Worth of it, US dollars.
        spot_positions: By asset.
        perp_positions: None.
        futures_positions: None.
    """

    portfolio: Portfolio
    portfolio_balances: dict[str, Amount]
    spot_positions: list[Position]
    perp_positions: list[Any]
    futures_positions: list[Any]


class PortfolioBreakdown(Shape):
    """
    What the portfolio holds.

    Attributes:
        breakdown: It.
    """

    breakdown: Breakdown


def portfolios(view: AccountView, fields: Fields) -> PortfolioList:
    """The one that there is."""
    wanted = (fields.text("portfolio_type") or PORTFOLIO).upper()
    return PortfolioList([_portfolio(view)] if wanted in (PORTFOLIO, "UNDEFINED") else [])


def portfolio(view: AccountView, fields: Fields) -> PortfolioBreakdown:
    """What it holds."""
    if fields.part("portfolio_uuid").lower() != view.portfolio_id:
        raise CoinbaseError(404, "NOT_FOUND", "portfolio with this uuid was not found")
    rates, digits = Rates(view.market), 12
    held = [one for one in view.holdings() if one.balance.total]
    worth = [rates.dollars(one.asset, one.balance.total, one.decimals, digits) for one in held]
    free = [rates.dollars(one.asset, one.balance.free, one.decimals, digits) for one in held]
    total = sum(worth)
    cash = sum(value for one, value in zip(held, worth, strict=True) if is_fiat(one.asset))
    positions = [
        Position(
            asset=one.asset,
            account_uuid=one.uuid,
            total_balance_fiat=number(value, digits),
            total_balance_crypto=number(one.balance.total, one.decimals),
            available_to_trade_fiat=number(spendable, digits),
            available_to_trade_crypto=number(one.balance.free, one.decimals),
            allocation=number(value * 10**_SHARE_DECIMALS // total if total else 0, _SHARE_DECIMALS),
            is_cash=is_fiat(one.asset),
        )
        for one, value, spendable in zip(held, worth, free, strict=True)
    ]
    amounts = {
        "total_balance": total,
        "total_cash_equivalent_balance": cash,
        "total_crypto_balance": total - cash,
    }
    return PortfolioBreakdown(
        Breakdown(
            portfolio=_portfolio(view),
            portfolio_balances={
                name: Amount(decimal_text(units, digits), "USD")
                for name, units in {**amounts, "total_futures_balance": 0}.items()
            },
            spot_positions=positions,
            perp_positions=[],
            futures_positions=[],
        )
    )


def _portfolio(view: AccountView) -> Portfolio:
    return Portfolio(name="Default", uuid=view.portfolio_id, type=PORTFOLIO, deleted=False)
