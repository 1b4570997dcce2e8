"""What accounts may do, and what it costs them."""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, in_, le


@attrs.frozen
class SpotDeposit:
    """
    What every account begins with of one asset, at each spot venue that lists it.

    Attributes:
        asset: Such as ``BTC``.
        amount: Of the whole asset.
    """

    asset: str
    amount: float = attrs.field(validator=[ge(0), le(10**15)])


@attrs.frozen(kw_only=True)
class Trading:
    """
    What accounts can do in a market, simulated or recorded.

    Attributes:
        deposit: What every account begins with of each currency, whole units of it, where it trades on
            margin.
        deposits: What every account begins with of assets where it trades with these; of others it has none.
        maker_fee: Of the value of a trade, for the order that rested, millionths.
        taker_fee: The same for the order that took.
        basic_discount: Off both fees for keys of tier basic, millionths of them.
        pro_discount: For tier pro.
        max_discount: For tier max.
        leverage: The most that an account may choose.
        maintenance: Margin that an account must keep, millionths of the value of its positions at mark
            prices; when it owns less, its positions are liquidated.
        margin_call: The account is told when it owns less than this share of that margin, millionths.
        price_band: How far past the mark price a limit may let an order trade, millionths of that.
        slippage: How far past the best price an order without a limit may trade where its client does not say
            how far, millionths of that price.
        open_orders: Of one account at a time, those included that wait for a trigger; where it trades with
            assets, of one account at one venue.
        history: Orders that are over, and trades, that are remembered of each account at each venue where it
            trades with assets.
        recorded_orders: Whether accounts can trade in a recording that is played. What it has itself of
            accounts is then left out; otherwise it is played too, and nobody can trade.
        recorded_cancels: Whose orders are cancelled where a recorded price level shrinks without a trade and
            orders are not named: ``proportional``, those ahead of a client's order by their share of the
            level; ``behind``, those behind it first, for the slowest queue; ``ahead``, those ahead of it
            first, for the fastest.
        waiting: Requests that wait for the market; past it they are answered with 503.
    """

    deposit: int = attrs.field(default=1_000_000, validator=ge(0))
    deposits: tuple[SpotDeposit, ...] = (
        SpotDeposit("USDT", 100_000),
        SpotDeposit("USD", 100_000),
        SpotDeposit("BTC", 1),
        SpotDeposit("ETH", 10),
    )
    maker_fee: int = attrs.field(default=200, validator=ge(0))
    taker_fee: int = attrs.field(default=500, validator=ge(0))
    basic_discount: int = attrs.field(default=100_000, validator=[ge(0), le(1_000_000)])
    pro_discount: int = attrs.field(default=200_000, validator=[ge(0), le(1_000_000)])
    max_discount: int = attrs.field(default=400_000, validator=[ge(0), le(1_000_000)])
    leverage: int = attrs.field(default=10, validator=ge(1))
    maintenance: int = attrs.field(default=30_000, validator=[ge(0), le(1_000_000)])
    margin_call: int = attrs.field(default=1_500_000, validator=ge(1_000_000))
    price_band: int = attrs.field(default=800_000, validator=[gt(0), le(1_000_000)])
    slippage: int = attrs.field(default=20_000, validator=[ge(0), le(1_000_000)])
    open_orders: int = attrs.field(default=2000, validator=ge(1))
    history: int = attrs.field(default=10_000, validator=ge(1))
    recorded_orders: bool = True
    recorded_cancels: str = attrs.field(
        default="proportional", validator=in_(("proportional", "behind", "ahead"))
    )
    waiting: int = attrs.field(default=1024, validator=ge(1))
