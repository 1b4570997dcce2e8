"""
Tradyn's REST: market data, and the account of a key.

Its document prints the base URL ``/v1`` and paths that begin with ``/api``; both are served.
Orders are not accepted here yet; positions are what the account holds from trading elsewhere.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

import attrs
import msgspec

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.parameters import symbol_parameter
from feed.dialects.rest import Call, Endpoint, RestContext, example_symbol
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.grants import Grant, Scope
from feed.model.instruments import Listing
from feed.settings import Web

GROUP: Final = "Tradyn"
_PREFIXES: Final = ("", "/v1")


class Failure(Shape):
    """
    A request that was refused.

    Attributes:
        error: One sentence.
    """

    success: Literal[False]
    error: str


def flat(problem: Problem) -> Failure:
    """With one sentence, as the document has it."""
    return Failure(success=False, error=problem.message)


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


class Tick(Shape):
    """
    The best bid and ask of an instrument.

    Attributes:
        symbol: Its name.
        bid: Best bid.
        ask: Best ask.
        time: Market time of the quote, milliseconds since the Unix epoch.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    time: int


class TickData(Shape):
    """
    A tick that was asked for.

    Attributes:
        success: Always.
        data: The tick.
    """

    success: Literal[True]
    data: Tick


class Symbol(Shape):
    """
    One instrument.

    Attributes:
        symbol: Its name.
        digits: After the point of a price.
        volumeStep: Smallest step of a volume.
    """

    symbol: str
    digits: int
    volumeStep: Decimal  # noqa: N815 - in the document's style


class SymbolsData(Shape):
    """
    Every instrument.

    Attributes:
        success: Always.
        data: In the market's order.
    """

    success: Literal[True]
    data: list[Symbol]


class Account(Shape):
    """
    What the key that was presented is good for.

    Attributes:
        name: What the operator called the key.
        account: Decimal of the account; keys of one account share it.
        tier: Size of the customer.
        scopes: What the key may do.
    """

    name: str
    account: int
    tier: str
    scopes: list[str]


class AccountData(Shape):
    """
    The account of a key.

    Attributes:
        success: Always.
        data: The account.
    """

    success: Literal[True]
    data: Account


class Position(Shape):
    """
    A position.

    Attributes:
        symbol: Of the instrument.
        action: 0 when it was bought, 1 when it was sold short.
        volume: Its size.
    """

    symbol: str
    action: int
    volume: Decimal


class PositionsData(Shape):
    """
    The open positions of an account.

    Attributes:
        success: Always.
        data: In the market's order.
    """

    success: Literal[True]
    data: list[Position]


class Order(Shape):
    """
    An order.

    Attributes:
        symbol: Of the instrument.
        action: 0 Buy, 1 Sell, 2 Buy Limit, 3 Sell Limit, 4 Buy Stop, 5 Sell Stop.
        volume: Its size.
        sl: Stop loss, a price.
        tp: Take profit, a price.
    """

    symbol: str
    action: Annotated[int, msgspec.Meta(ge=0, le=5)]
    volume: Annotated[float, msgspec.Meta(gt=0)]
    sl: float | None = None
    tp: float | None = None


def tick(context: RestContext, call: Call) -> TickData:
    """The quote as it stands."""
    index, instrument = context.instrument(call.text("symbol"))
    quote = context.market_state.quote(index)
    if quote is None:
        raise Problem(404, "not_found", f"{instrument.symbol} has no quote yet")
    return TickData(
        success=True,
        data=Tick(
            symbol=instrument.symbol,
            bid=Decimal(instrument.price_text(quote.bid)),
            ask=Decimal(instrument.price_text(quote.ask)),
            time=quote.ts // NS_PER_MILLISECOND,
        ),
    )


def symbols(context: RestContext, call: Call) -> SymbolsData:
    """Every instrument, in the market's order."""
    del call
    data = [
        Symbol(symbol=item.symbol, digits=item.price_decimals, volumeStep=item.lot_size)
        for item in context.listing
    ]
    return SymbolsData(success=True, data=data)


def account(context: RestContext, call: Call) -> AccountData:
    """What the key says."""
    del context
    grant = call.grant or Grant(name="")
    scopes = [scope.value for scope in grant.scopes]
    return AccountData(
        success=True,
        data=Account(name=grant.name, account=grant.account, tier=grant.tier.value, scopes=scopes),
    )


def positions(context: RestContext, call: Call) -> PositionsData:
    """What the account of the key holds; a key without an account holds nothing."""
    accounts, number = context.accounts, 0 if call.grant is None else call.grant.account
    held = accounts.find(number).positions if accounts is not None and number else {}
    data = [
        Position(
            symbol=context.listing[at].symbol,
            action=int(position.lots < 0),
            volume=Decimal(context.listing[at].size_text(abs(position.lots))),
        )
        for at, position in sorted(held.items())
        if position.lots
    ]
    return PositionsData(success=True, data=data)


def trade(context: RestContext, call: Call) -> None:
    """Refuse every order, in the document's own shape."""
    del context, call
    raise Problem(501, "not_implemented", "Orders are not accepted yet")


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    del web
    table = (
        Endpoint(
            path="/api/tick",
            summary="The best bid and ask of an instrument",
            handle=tick,
            access=BEARER,
            parameters=(symbol_parameter(example_symbol(listing)),),
            returns=TickData,
            refusals={404: "No such symbol, or it has no quote yet."},
            group=GROUP,
        ),
        Endpoint(
            path="/api/symbols",
            summary="Every instrument",
            handle=symbols,
            access=BEARER,
            returns=SymbolsData,
            group=GROUP,
        ),
        Endpoint(
            path="/api/account",
            summary="What the key is good for",
            handle=account,
            guarded=True,
            access=BEARER,
            returns=AccountData,
            group=GROUP,
        ),
        Endpoint(
            path="/api/positions",
            summary="Open positions of the account",
            handle=positions,
            guarded=True,
            access=BEARER,
            returns=PositionsData,
            group=GROUP,
        ),
        Endpoint(
            method="POST",
            path="/api/trade",
            summary="Send an order: not accepted yet",
            handle=trade,
            guarded=True,
            access=BEARER_TRADE,
            body=Order,
            returns=AccountData,
            refusals={501: "Orders are not accepted yet."},
            group=GROUP,
        ),
    )
    return tuple(attrs.evolve(item, path=prefix + item.path) for item in table for prefix in _PREFIXES)
