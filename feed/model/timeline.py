"""
The actions of a scenario's timeline.

All times are *offsets*, integer nanoseconds of market time from the start of the scenario. Faults of
connections are in :mod:`feed.model.faults`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import attrs
from attrs.validators import and_, ge, gt, le, optional

from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side

# Files write these as text with a unit, such as "90s"; the mark tells the reader to parse it.
Nanoseconds = Annotated[int, "nanoseconds"]


def verb(kind: type[Any]) -> str:
    """The name of an action or a fault in a timeline: ``verb(LargeOrder) == "large-order"``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


_FACTOR: Final[Any] = and_(gt(0), le(1000))


@attrs.frozen(kw_only=True)
class Action:
    """
    An action in the market.

    Attributes:
        at: When, nanoseconds from the start.
        instruments: Symbols of the instruments concerned; none means all.
    """

    at: Nanoseconds = attrs.field(validator=ge(0))
    instruments: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Effect(Action):
    """
    An action with a duration. Of several of one kind, the latest one in force counts.

    Attributes:
        duration: Nanoseconds until it ends; None for the rest of the scenario.
    """

    duration: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Shock(Action):
    """
    News: the fundamental value jumps, and market makers follow.

    Attributes:
        fraction: Of the value: -0.05 is five percent down.
    """

    fraction: float = attrs.field(validator=[gt(-1), le(10)])


@attrs.frozen(kw_only=True)
class Volatility(Effect):
    """
    The price is more, or less, volatile: news are larger, and so is what makers learn from trades.

    Attributes:
        factor: Multiple of the volatility in the market's specification.
    """

    factor: float = attrs.field(validator=_FACTOR)


@attrs.frozen(kw_only=True)
class Activity(Effect):
    """
    All actions are more, or less, frequent: a factor of 100 is a burst.

    Attributes:
        factor: Multiple of the updates per second in the market's specification.
    """

    factor: float = attrs.field(validator=_FACTOR)


@attrs.frozen(kw_only=True)
class Liquidity(Effect):
    """
    Orders become larger or smaller: 0.05 withdraws nearly all that rests.

    Attributes:
        factor: Times the sizes that the market's specification says.
    """

    factor: float = attrs.field(validator=_FACTOR)


@attrs.frozen(kw_only=True)
class Imbalance(Effect):
    """
    The orders that rest on one side become larger or smaller; the other side stays as it is.

    Attributes:
        side: ``BUY`` are the bids.
        factor: Times the sizes that the market's specification says.
    """

    side: Side
    factor: float = attrs.field(validator=_FACTOR)


@attrs.frozen(kw_only=True)
class Spread(Effect):
    """
    Makers ask for a wider or narrower spread.

    With any factor above 1 nobody quotes inside of their spread, which others otherwise do where it is many
    ticks.

    Attributes:
        factor: Times the spread that the market's specification says.
    """

    factor: float = attrs.field(validator=_FACTOR)


@attrs.frozen(kw_only=True)
class LargeOrder(Action):
    """
    Someone trades far more than the best quote offers, at once or slice by slice.

    What the book does not offer up to the limit is not traded; `feed replay`, the log and
    `/admin/large-orders` tell how much that was.

    Attributes:
        side: Of the one who takes: ``BUY`` lifts the asks.
        lots: In all, integer lots.
        slices: Equal parts; 1 sweeps the book at once.
        pause: Nanoseconds between two slices.
        bps: Limit price, basis points past the middle of the best prices when it begins; any price without.
    """

    side: Side
    lots: int = attrs.field(validator=ge(1))
    slices: int = attrs.field(default=1, validator=[ge(1), le(10_000)])
    pause: Nanoseconds = attrs.field(default=NS_PER_SECOND, validator=gt(0))
    bps: float | None = attrs.field(default=None, validator=optional([gt(0), le(10_000)]))


@attrs.frozen(kw_only=True)
class Fill(Action):
    """
    Someone trades with the oldest order of each account that rests there, and with all that stands before it.

    Attributes:
        fraction: Of what is left of the order; at least one lot.
        account: Only with the order of this account; None for everybody's.
    """

    fraction: float = attrs.field(default=0.5, validator=[gt(0), le(1)])
    account: int | None = attrs.field(default=None, validator=optional(ge(1)))


@attrs.frozen(kw_only=True)
class Wall(Effect):
    """
    Someone rests far more at one price than anyone else, and takes away at the end what is left of it.

    Walls add up: each stands for as long as it says.

    Attributes:
        side: ``BUY`` rests below the market, ``SELL`` above it.
        lots: Integer lots.
        bps: How far from the middle of the best prices, basis points.
    """

    side: Side
    lots: int = attrs.field(validator=ge(1))
    bps: float = attrs.field(default=10.0, validator=[gt(0), le(1000)])


@attrs.frozen(kw_only=True)
class Premium(Effect):
    """
    What follows another instrument, such as a perpetual future its underlying, parts from it by so much.

    Its own trades come on top: liquidations that a large premium sets off take it farther, for minutes.

    Attributes:
        bps: How far above it, basis points; negative for below.
    """

    bps: float = attrs.field(validator=[ge(-1000), le(1000)])


@attrs.frozen(kw_only=True)
class Detach(Effect):
    """A venue that follows another ceases to: only its own trades, and shocks, move its price."""


@attrs.frozen(kw_only=True)
class Halt(Effect):
    """
    Trading stops; orders stay on the book, and none can be added.

    Attributes:
        auction: Length of the call auction with which trading begins again; None for none.
    """

    auction: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Resume(Action):
    """
    Trading goes on after a halt, whatever was left of it.

    Attributes:
        auction: Length of the call auction with which it does; None for none.
    """

    auction: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Auction(Action):
    """
    A call auction: trading stops, orders are collected, and then all that can trade do so at one price.

    Attributes:
        duration: How long orders are collected.
    """

    duration: Nanoseconds = attrs.field(validator=gt(0))


@attrs.frozen(kw_only=True)
class List(Action):
    """
    An instrument that was not listed, or no longer, opens for trading.

    Attributes:
        auction: Length of the call auction with which it opens; None for none.
    """

    auction: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Delist(Action):
    """Trading ends for good, and every order is taken off the book."""


ACTIONS: Final[tuple[type[Action], ...]] = (
    Shock,
    Volatility,
    Activity,
    Liquidity,
    Imbalance,
    Spread,
    LargeOrder,
    Fill,
    Wall,
    Premium,
    Detach,
    Halt,
    Auction,
    Resume,
    List,
    Delist,
)
