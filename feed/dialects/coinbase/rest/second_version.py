"""
The second version of the exchange's older API, of which programs use a few requests still.

Source: "Coinbase App API", Track; and ccxt, which asks for currencies and rates when it begins.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import attrs

from feed.dialects.access import Problem, Shape
from feed.dialects.coinbase.account.view import AccountView, Holding
from feed.dialects.coinbase.errors import CoinbaseError, invalid
from feed.dialects.coinbase.errors import worded as worded_later
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.parameters import example_product, text_parameter
from feed.dialects.coinbase.products import NAME, asset_name, is_fiat
from feed.dialects.coinbase.rates import DOLLAR, Rates
from feed.dialects.coinbase.rest.access import ANYBODY, GROUP, PREFIX, READER, admitted
from feed.dialects.coinbase.rest.public import PUBLIC_REFUSALS, PUBLIC_WEIGHT, REFUSALS
from feed.dialects.coinbase.views import MarketView
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.times import iso
from feed.dialects.uuids import named_uuid
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing, decimal_text

_RATE_DECIMALS: Final = 16
_SIDES: Final = {"buy": Side.SELL, "sell": Side.BUY}
"""Who buys pays the best ask."""


class SecondError(Shape):
    """
    One reason of a refusal.

    Attributes:
        id: A fixed word; programs go by it.
        message: One sentence.
    """

    id: str
    message: str


class SecondErrors(Shape):
    """
    A request that was refused.

    Attributes:
        errors: Why.
    """

    errors: list[SecondError]


class Data(Shape):
    """
    An answer.

    Attributes:
        data: What was asked for.
    """

    data: Any


def worded(problem: Problem) -> SecondErrors:
    """Any refusal in the style of this version."""
    body = worded_later(problem)
    return SecondErrors([SecondError(body.error.lower(), body.message)])


_ANYBODY: Final = attrs.evolve(ANYBODY, wording=worded, wording_type=SecondErrors)
_READER: Final = attrs.evolve(READER, wording=worded, wording_type=SecondErrors)


def time(view: MarketView, fields: Fields) -> Data:
    """Market time."""
    del fields
    now = view.server_time
    return Data({"iso": f"{iso(now)[:19]}Z", "epoch": now // NS_PER_SECOND})


def currencies(view: MarketView, fields: Fields) -> Data:
    """Money of states."""
    del fields
    found = [asset for asset in view.products.assets if is_fiat(asset)]
    return Data([{"id": asset, "name": asset_name(asset), "min_size": "0.01"} for asset in found])


def crypto_currencies(view: MarketView, fields: Fields) -> Data:
    """All other assets."""
    del fields
    found = [asset for asset in view.products.assets if not is_fiat(asset)]
    return Data([_crypto(asset, at) for at, asset in enumerate(found)])


def _crypto(asset: str, at: int) -> dict[str, object]:
    return {
        "asset_id": named_uuid("asset", asset),
        "code": asset,
        "name": asset_name(asset),
        "color": "#0052FF",
        "sort_index": 100 + at,
        "exponent": 8,
        "type": "crypto",
        "address_regex": "",
    }


def exchange_rates(view: MarketView, fields: Fields) -> Data:
    """What one of a currency is worth in every asset."""
    currency = (fields.text("currency") or DOLLAR).upper()
    rates = Rates(view)
    if rates.between(currency, currency) is None:
        raise invalid(f"Invalid currency ({currency[:20]})")
    known = dict.fromkeys([*view.products.assets, currency])
    told = {asset: rates.between(currency, asset) for asset in known}
    return Data(
        {
            "currency": currency,
            "rates": {asset: _decimal(rate) for asset, rate in told.items() if rate is not None},
        }
    )


def price(kind: str) -> Callable[[MarketView, Fields], Data]:
    """
    What gives a price.

    Args:
        kind: ``buy``, ``sell`` or ``spot``.
    """

    def answer(view: MarketView, fields: Fields) -> Data:
        product = view.product(fields.part("symbol").upper())
        ticks = view.last_price(product)
        if kind in _SIDES:
            ticks = view.best(product, _SIDES[kind])[0] or ticks
        return Data({"amount": product.price_text(ticks), "base": product.base, "currency": product.quote})

    return answer


def accounts(view: AccountView, fields: Fields) -> dict[str, object]:
    """What is held of each asset."""
    fields.whole("limit", 25, 300)
    found = [_account(one) for one in view.holdings()]
    pages = {"ending_before": None, "starting_after": None, "limit": len(found), "order": "desc"}
    return {"pagination": {**pages, "previous_uri": None, "next_uri": None}, "data": found}


def one_account(view: AccountView, fields: Fields) -> Data:
    """What is held of one asset, by its id or the asset."""
    wanted = fields.part("account_id")
    found = next((one for one in view.holdings() if wanted.lower() == one.uuid or wanted == one.asset), None)
    if found is None:
        raise CoinbaseError(404, "not_found", "Not found")
    return Data(_account(found))


def user(view: AccountView, fields: Fields) -> Data:
    """Whose account it is."""
    del fields
    return Data(
        {"id": view.user_id, "name": view.grant.name, "resource": "user", "resource_path": "/v2/user"}
    )


def _account(one: Holding) -> dict[str, object]:
    fiat = is_fiat(one.asset)
    kind = "fiat" if fiat else "crypto"
    return {
        "id": one.uuid,
        "name": f"{one.asset} Wallet",
        "primary": False,
        "type": "fiat" if fiat else "wallet",
        "currency": {
            "code": one.asset,
            "name": asset_name(one.asset),
            "exponent": one.decimals,
            "type": kind,
        },
        "balance": {"amount": one.total, "currency": one.asset},
        "created_at": None,
        "updated_at": None,
        "resource": "account",
        "resource_path": f"/v2/accounts/{one.uuid}",
        "allow_deposits": False,
        "allow_withdrawals": False,
    }


def _decimal(rate: Fraction) -> str:
    units = rate.numerator * 10**_RATE_DECIMALS // rate.denominator
    return decimal_text(units, _RATE_DECIMALS).rstrip("0").rstrip(".")


def endpoints(listing: Listing) -> tuple[Endpoint[RestContext], ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
    """
    symbol = Parameter(
        name="symbol",
        meaning="A product, such as BTC-USD.",
        most=None,
        in_path=True,
        example=example_product(listing),
    )
    currency = text_parameter("currency", "Which one; USD where none is named.")
    account = Parameter(
        name="account_id", meaning="Id of what is held, or the asset.", most=None, in_path=True
    )
    return (
        _public("/time", "Market time", time, tells_time=True),
        _public("/currencies", "Money of states", currencies),
        _public("/currencies/crypto", "All other assets", crypto_currencies),
        _public("/exchange-rates", "What a currency is worth in every asset", exchange_rates, currency),
        *(
            _public(f"/prices/{{symbol}}/{kind}", summary, price(kind), symbol)
            for kind, summary in {
                "buy": "The best price for which something is for sale",
                "sell": "The best price that is wanted",
                "spot": "Price of the last trade",
            }.items()
        ),
        _private(
            "/accounts",
            "What the account holds of each asset",
            accounts,
            text_parameter("limit", "Taken, and without effect."),
        ),
        _private("/accounts/{account_id}", "What it holds of one asset", one_account, account),
        _private("/user", "Whose account it is", user),
    )


def _public(
    path: str,
    summary: str,
    answer: Callable[[MarketView, Fields], object],
    *parameters: Parameter,
    tells_time: bool = False,
) -> Endpoint[RestContext]:
    def handle(context: RestContext, call: Call) -> object:
        if tells_time:
            context.clocks.tell()
        return answer(MarketView.of_request(context, call), Fields(call.fields, call.values))

    return Endpoint(
        path=f"{PREFIX}/v2{path}",
        summary=summary,
        handle=handle,
        access=_ANYBODY,
        parameters=parameters,
        reads_fields=True,
        returns=Data,
        refusals=PUBLIC_REFUSALS,
        meter=NAME,
        weight=lambda _: PUBLIC_WEIGHT,
        group=GROUP,
    )


def _private(
    path: str, summary: str, answer: Callable[[AccountView, Fields], object], *parameters: Parameter
) -> Endpoint[RestContext]:
    def handle(context: RestContext, call: Call) -> object:
        credentials = admitted(context, call, "GET")
        return answer(
            AccountView.of_request(context, call, credentials.grant), Fields(call.fields, call.values)
        )

    return Endpoint(
        path=f"{PREFIX}/v2{path}",
        summary=summary,
        handle=handle,
        access=_READER,
        parameters=parameters,
        reads_fields=True,
        returns=dict[str, Any] if answer is accounts else Data,
        refusals=REFUSALS,
        meter=NAME,
        guarded=True,
        group=GROUP,
    )
