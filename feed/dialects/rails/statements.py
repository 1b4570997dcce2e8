"""
From a statement of an account to Rails' JSON: positions and balances, by request and as private streams.

Source: pages "Get Account Positions", "Get Account Balances", "Position Metrics" and "Margin, Maintenance
Margin & Leverage". The streams are ours: ``positionsDelta`` and ``balancesDelta`` carry the objects that
the pages show, and say why they have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast

import msgspec

from feed.dialects.access import Shape
from feed.dialects.messages import quoted
from feed.dialects.rails.encode import shown_seq
from feed.dialects.times import milliseconds
from feed.model.accounts import money_scale
from feed.model.events import BALANCE, POSITION, BalanceChanged, Event, PositionChanged
from feed.model.instruments import Instrument, decimal_text
from feed.model.statements import Cause
from feed.state.encoder import Encoder

CAUSES: Final = {
    Cause.TRADE: "trade",
    Cause.FUNDING: "funding",
    Cause.MARGIN_CALL: "marginCall",
    Cause.LIQUIDATION: "liquidation",
    Cause.INSURANCE: "insurance",
}


class PositionShape(Shape):
    """
    What the account holds in a market.

    Attributes:
        market: Its symbol.
        type: LONG or SHORT; FLAT when the position is closed.
        quantity: In the base asset, never negative.
        value: What it has cost, in the quote asset.
        avgEntryPrice: Of one unit of the base asset, rounded down to a tick; 0 when there is none.
        markPrice: By which margins are computed; 0 when there is none.
        unrealizedPnl: What closing it at the mark price would earn, fees apart.
        realizedPnl: What closing has earned so far, fees apart.
        funding: Received for holding it; negative when it was paid.
        liquidationPrice: Mark price at which the account is liquidated if nothing else changes; 0 for none.
        updatedAt: Market time, milliseconds since the Unix epoch.
    """

    market: str
    type: Literal["LONG", "SHORT", "FLAT"]
    quantity: str
    value: str
    avgEntryPrice: str  # noqa: N815 - as published, here and below
    markPrice: str  # noqa: N815
    unrealizedPnl: str  # noqa: N815
    realizedPnl: str  # noqa: N815
    funding: str
    liquidationPrice: str  # noqa: N815
    updatedAt: int  # noqa: N815


class BalanceDelta(Shape):
    """
    What the account owns of a quote asset.

    Attributes:
        asset: Which.
        cause: trade, funding, marginCall, liquidation or insurance.
        amount: What the cause alone has added: funding, or a debt that the market bears; else 0.
        totalBalance: Without profit that is not realised.
        equity: What would be left if everything were closed at mark prices.
        availableBalance: What can back further orders: equity less margin, and never negative.
        margin: What backs positions and open orders at the account's leverage.
        maintenanceMargin: Equity below which orders are cancelled and positions liquidated.
        leverage: Of all positions and open orders.
        updatedAt: Market time, milliseconds since the Unix epoch.
    """

    asset: str
    cause: str
    amount: str
    totalBalance: str  # noqa: N815 - as published, here and below
    equity: str
    availableBalance: str  # noqa: N815
    margin: str
    maintenanceMargin: str  # noqa: N815
    leverage: str
    updatedAt: int  # noqa: N815


def position_shape(instrument: Instrument, item: PositionChanged) -> PositionShape:
    """A position as every message shows it."""

    def money(amount: int) -> str:
        return decimal_text(amount, item.decimals)

    scale = money_scale(instrument, item.decimals)
    return PositionShape(
        market=instrument.symbol,
        type="LONG" if item.lots > 0 else "SHORT" if item.lots else "FLAT",
        quantity=instrument.size_text(abs(item.lots)),
        value=money(abs(item.cost)),
        avgEntryPrice=instrument.price_text(item.entry(scale)) if item.lots else "0",
        markPrice=instrument.price_text(item.mark) if item.mark else "0",
        unrealizedPnl=money(item.unrealised(scale)),
        realizedPnl=money(item.realised),
        funding=money(item.funding),
        liquidationPrice=instrument.price_text(item.liquidation) if item.liquidation else "0",
        updatedAt=milliseconds(item.ts),
    )


def balance_delta(asset: str, item: BalanceChanged) -> BalanceDelta:
    """A balance as a message of the stream."""

    def money(amount: int) -> str:
        return decimal_text(amount, item.decimals)

    return BalanceDelta(
        asset=asset,
        cause=CAUSES[item.cause],
        amount=money(item.amount),
        totalBalance=money(item.cash),
        equity=money(item.equity),
        availableBalance=money(max(0, item.equity - item.initial)),
        margin=money(item.initial),
        maintenanceMargin=money(item.maintenance),
        leverage=str(item.leverage),
        updatedAt=milliseconds(item.ts),
    )


class AccountPositions(Encoder):
    """The ``positions`` stream of one account in one market: what it holds, whenever that has changed."""

    kinds: Sequence[int] = (POSITION,)

    def __init__(self, instrument: Instrument, account: int, *, seq: bool = False) -> None:
        """Tell ``account`` of its position, with sequence numbers where ``seq`` asks for them."""
        self._instrument = instrument
        self._account = account
        self._seq = seq

    def encode(self, item: Event) -> str | None:
        """The position; None when it is another account's."""
        position = cast("PositionChanged", item)
        if position.account != self._account:
            return None
        return _delta(
            "positionsDelta", self._instrument, position_shape(self._instrument, position), item, self._seq
        )


class AccountBalances(Encoder):
    """The ``balances`` stream of one account: what it owns of a market's quote asset, and why."""

    kinds: Sequence[int] = (BALANCE,)

    def __init__(self, instrument: Instrument, account: int, *, seq: bool = False) -> None:
        """Tell ``account`` of its balance, with sequence numbers where ``seq`` asks for them."""
        self._instrument = instrument
        self._account = account
        self._seq = seq

    def encode(self, item: Event) -> str | None:
        """The balance; None when it is another account's."""
        balance = cast("BalanceChanged", item)
        if balance.account != self._account:
            return None
        shape = balance_delta(self._instrument.quote, balance)
        return _delta("balancesDelta", self._instrument, shape, item, self._seq)


def _delta(kind: str, instrument: Instrument, shape: Shape, item: Event, shown: bool) -> str:
    head = f'{{"resultType":"{kind}","market":{quoted(instrument.symbol)},"data":'
    return f"{head}{msgspec.json.encode(shape).decode()}{shown_seq(item, shown=shown)}}}"
