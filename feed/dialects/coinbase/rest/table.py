"""Every request about an account, in the order of the exchange's documents."""

from __future__ import annotations

from typing import Any, Final

from feed.dialects.coinbase.account import balances, history, placing, portfolios, previews
from feed.dialects.coinbase.account.drafts import OrderRequest
from feed.dialects.coinbase.account.orders import SIDES, STATUSES, TIMES, TYPES
from feed.dialects.coinbase.account.shapes import FillList, OneOrder, OrderList
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.parameters import count_parameter, products_parameter, text_parameter
from feed.dialects.coinbase.rest.private import Operation
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing

_CURSOR: Final = text_parameter("cursor", "Of an earlier answer: those after it.")
_PORTFOLIO: Final = text_parameter("retail_portfolio_id", "There is one portfolio.")


def operations(listing: Listing) -> tuple[Operation, ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (*_accounts(), *_orders(listing), *_empty())


def _accounts() -> tuple[Operation, ...]:
    return (
        Operation(
            path="/accounts",
            summary="What the account holds of each asset",
            parameters=(
                count_parameter("Assets", balances.ACCOUNTS, balances.MOST_ACCOUNTS),
                _CURSOR,
                _PORTFOLIO,
            ),
            ask=balances.list_accounts,
            returns=balances.AccountList,
        ),
        Operation(
            path="/accounts/{account_uuid}",
            summary="What it holds of one asset",
            parameters=(_part("account_uuid", "Id of what is held of an asset."),),
            ask=balances.one_account,
            returns=balances.OneAccount,
        ),
        Operation(
            path="/transaction_summary",
            summary="What was traded in the last 30 days, and what trading costs",
            parameters=(
                text_parameter("product_type", "Spot products are all there are."),
                text_parameter("contract_expiry_type", "Of futures, and without effect."),
                text_parameter("product_venue", "Taken, and without effect."),
            ),
            ask=balances.transaction_summary,
            returns=balances.TransactionSummary,
        ),
        Operation(
            path="/key_permissions",
            summary="What the key allows",
            ask=balances.key_permissions,
            returns=balances.KeyPermissions,
        ),
        Operation(
            path="/portfolios",
            summary="Portfolios: one",
            parameters=(text_parameter("portfolio_type", "Of what type."),),
            ask=portfolios.portfolios,
            returns=portfolios.PortfolioList,
        ),
        Operation(
            path="/portfolios/{portfolio_uuid}",
            summary="What the portfolio holds, and what that is worth",
            parameters=(_part("portfolio_uuid", "Id of the portfolio."), text_parameter("currency", "USD.")),
            ask=portfolios.portfolio,
            returns=portfolios.PortfolioBreakdown,
        ),
    )


def _orders(listing: Listing) -> tuple[Operation, ...]:
    products = products_parameter(listing)
    return (
        Operation(
            method="POST",
            path="/orders",
            summary="Place an order",
            body=OrderRequest,
            order=placing.place,
            returns=placing.CreateAnswer,
            trades=True,
        ),
        Operation(
            method="POST",
            path="/orders/preview",
            summary="What an order would cost, without placing it",
            body=OrderRequest,
            order=previews.preview,
            returns=previews.Preview,
        ),
        Operation(
            method="POST",
            path="/orders/batch_cancel",
            summary="Cancel orders",
            body=placing.CancelRequest,
            order=placing.cancel,
            returns=placing.CancelAnswer,
            trades=True,
        ),
        Operation(
            method="POST",
            path="/orders/edit",
            summary="Give an open limit order another price or size",
            body=placing.EditRequest,
            order=placing.edit,
            returns=placing.EditAnswer,
            trades=True,
        ),
        Operation(
            method="POST",
            path="/orders/edit_preview",
            summary="What an order would cost with another price or size",
            body=placing.EditRequest,
            order=previews.preview_edit,
            returns=previews.EditPreview,
        ),
        Operation(
            path="/orders/historical/batch",
            summary="Orders, open and over",
            parameters=(
                text_parameter("order_ids", "Orders by their ids, the parameter repeated."),
                products,
                text_parameter("order_status", "Where they stand, the parameter repeated.", choices=STATUSES),
                count_parameter("Orders", history.ORDERS, history.MOST_ORDERS),
                text_parameter("start_date", "Asked for from then on, RFC 3339."),
                text_parameter("end_date", "Asked for before then, RFC 3339."),
                text_parameter("order_types", "Of which types, the parameter repeated.", choices=TYPES),
                text_parameter("order_side", "Which side.", choices=tuple(SIDES.values())),
                _CURSOR,
                text_parameter("product_type", "Spot products are all there are."),
                text_parameter("order_placement_source", "How they were placed.", choices=history.SOURCES),
                text_parameter("contract_expiry_type", "Of futures, and without effect."),
                text_parameter("asset_filters", "In products of these assets, the parameter repeated."),
                _PORTFOLIO,
                text_parameter(
                    "time_in_forces", "How long they wait, the parameter repeated.", choices=TIMES
                ),
                text_parameter("sort_by", "In which order.", choices=history.SORTS),
            ),
            ask=history.list_orders,
            returns=OrderList,
        ),
        Operation(
            path="/orders/historical/fills",
            summary="Trades of the account",
            parameters=(
                text_parameter("order_ids", "Of these orders, the parameter repeated."),
                text_parameter("trade_ids", "By their ids, the parameter repeated."),
                products,
                text_parameter("start_sequence_timestamp", "From then on, RFC 3339."),
                text_parameter("end_sequence_timestamp", "Up to then, RFC 3339."),
                _PORTFOLIO,
                count_parameter("Trades", history.FILLS, history.MOST_FILLS),
                _CURSOR,
                text_parameter("sort_by", "In which order.", choices=history.FILL_SORTS),
            ),
            ask=history.list_fills,
            returns=FillList,
        ),
        Operation(
            path="/orders/historical/{order_id}",
            summary="One order as it stands",
            parameters=(_part("order_id", "Id of the order."),),
            ask=history.one_order,
            returns=OneOrder,
        ),
    )


def _empty() -> tuple[Operation, ...]:
    """What every account of the exchange has, and these have nothing of."""
    answers: dict[str, tuple[str, str, object]] = {
        "/payment_methods": ("How money is paid in and out: there is no way", "payment_methods", []),
        "/cfm/balance_summary": ("What is held for futures: nothing", "balance_summary", None),
        "/cfm/positions": ("Positions in futures: none", "positions", []),
        "/cfm/sweeps": ("Transfers from futures: none", "sweeps", []),
    }
    return tuple(
        Operation(path=path, summary=summary, ask=_nothing(field, value), returns=dict[str, Any])
        for path, (summary, field, value) in answers.items()
    )


def _nothing(field: str, value: object) -> Any:
    def answer(view: AccountView, fields: Fields) -> dict[str, object]:
        del view, fields
        return {field: value}

    return answer


def _part(name: str, meaning: str) -> Parameter:
    return Parameter(name=name, meaning=meaning, most=None, in_path=True)
