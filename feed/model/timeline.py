"""
What happens in a scenario, and when: the market's side and the wire's side.

All times are *offsets*, integer nanoseconds of market time from the start of the scenario. Market
actions are applied by :class:`feed.sim.script.ScriptedMarket`; wire faults are done by the server
to its clients, and never change an event.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import attrs
from attrs.validators import and_, ge, gt, le, lt, max_len, optional

from feed.model.events import Side

# Files write these as text with a unit, such as "90s"; the mark tells the reader to parse it.
Nanoseconds = Annotated[int, "nanoseconds"]

NS_PER_SECOND: Final = 1_000_000_000

_SHARE: Final[Any] = and_(gt(0), le(1))
_FACTOR: Final[Any] = and_(gt(0), le(1000))


# --- the market's side -----------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Action:
    """
    Something that happens in the market.

    Attributes:
        at: When, nanoseconds from the start.
        instruments: Symbols of the instruments it happens to; none means every one.
    """

    at: Nanoseconds = attrs.field(validator=ge(0))
    instruments: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Effect(Action):
    """
    An action that can wear off. Of several of a kind, the latest that still lasts counts.

    Attributes:
        duration: Nanoseconds until things are as they were; None for the rest of the scenario.
    """

    duration: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Shock(Action):
    """
    News: the fundamental value jumps, and the makers follow.

    Attributes:
        fraction: Of the value: -0.05 is five percent down.
    """

    fraction: float = attrs.field(validator=[gt(-1), le(10)])


@attrs.frozen(kw_only=True)
class Volatility(Effect):
    """
    The fundamental value swings further, or less far.

    Attributes:
        factor: Times the volatility that the market's specification says.
    """

    factor: float = attrs.field(validator=[ge(0), le(1000)])


@attrs.frozen(kw_only=True)
class Activity(Effect):
    """
    Everything happens more often, or less often: a factor of 100 is a burst.

    Attributes:
        factor: Times the updates a second that the market's specification says.
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
class Spread(Effect):
    """
    Makers ask for a wider or narrower spread.

    Attributes:
        factor: Times the spread that the market's specification says.
    """

    factor: float = attrs.field(validator=_FACTOR)


@attrs.frozen(kw_only=True)
class LargeOrder(Action):
    """
    Someone trades far more than the best quote offers, at once or slice by slice.

    Attributes:
        side: Of the one who takes: ``BUY`` lifts the asks.
        lots: In all, integer lots.
        slices: Equal parts; 1 sweeps the book at once.
        pause: Nanoseconds between two slices.
    """

    side: Side
    lots: int = attrs.field(validator=ge(1))
    slices: int = attrs.field(default=1, validator=[ge(1), le(10_000)])
    pause: Nanoseconds = attrs.field(default=NS_PER_SECOND, validator=gt(0))


@attrs.frozen(kw_only=True)
class Halt(Effect):
    """Trading stops; orders stay on the book, and nobody can add to them."""


@attrs.frozen(kw_only=True)
class Resume(Action):
    """Trading goes on after a halt, whatever was left of it."""


@attrs.frozen(kw_only=True)
class List(Action):
    """An instrument that was not listed, or no longer, opens for trading."""


@attrs.frozen(kw_only=True)
class Delist(Action):
    """Trading ends for good, and every order is taken off the book."""


# --- the wire's side -------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Aim:
    """
    Which connections a fault strikes: those that meet all that is said.

    Attributes:
        dialect: Name of the protocol; None for any.
        key: Name of the key that was used, never the key itself; None for any, or none at all.
        fraction: Share of those, chosen by the scenario's seed.
    """

    dialect: str | None = None
    key: str | None = None
    fraction: float = attrs.field(default=1.0, validator=_SHARE)

    def strikes(self, *, dialect: str, key: str | None, lot: float) -> bool:
        """
        Whether a connection is struck.

        Args:
            dialect: Name of its protocol.
            key: Name of its key; None before it has shown one.
            lot: Drawn for it from [0, 1), by the scenario's seed.
        """
        return self.dialect in (None, dialect) and self.key in (None, key) and lot < self.fraction


@attrs.frozen(kw_only=True)
class Fault:
    """
    Something that goes wrong between server and clients. Exactly one of ``at`` and ``seq`` says when.

    Attributes:
        at: Nanoseconds from the start of the scenario.
        seq: Sequence number of the last event before it, from 1.
        aim: Whom it strikes.
    """

    at: Nanoseconds | None = attrs.field(default=None, validator=optional(ge(0)))
    seq: int | None = attrs.field(default=None, validator=optional(ge(1)))
    aim: Aim = Aim()

    def __attrs_post_init__(self) -> None:
        if (self.at is None) == (self.seq is None):
            raise ValueError("'at' or 'seq' says when, one of them and not both")


@attrs.frozen(kw_only=True)
class LastingFault(Fault):
    """
    A fault that goes on for a while.

    Attributes:
        duration: Nanoseconds of market time until it is over; None for the rest of the scenario.
    """

    duration: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Disconnect(Fault):
    """
    Connections are closed.

    Attributes:
        code: WebSocket close code; 1006 drops the TCP connection without a closing handshake.
        reason: Text sent with it, at most 123 bytes of UTF-8.
    """

    code: int = attrs.field(default=1001, validator=[ge(1000), le(4999)])
    reason: str = attrs.field(default="", validator=max_len(123))


@attrs.frozen(kw_only=True)
class Mute(LastingFault):
    """Nothing is sent any more, yet pings are answered. What was withheld is lost."""


@attrs.frozen(kw_only=True)
class HalfOpen(LastingFault):
    """Nothing is sent and nothing is answered, while the TCP connection stays open."""


@attrs.frozen(kw_only=True)
class Delay(LastingFault):
    """
    Frames arrive late, in their order.

    Attributes:
        delay: By at least so many nanoseconds, of the clock rather than of market time.
        jitter: And up to so many more, drawn for each frame.
    """

    delay: Nanoseconds = attrs.field(validator=[ge(0), le(600 * NS_PER_SECOND)])
    jitter: Nanoseconds = attrs.field(default=0, validator=[ge(0), le(600 * NS_PER_SECOND)])


@attrs.frozen(kw_only=True)
class Drop(LastingFault):
    """
    Frames are lost.

    Attributes:
        fraction: Share of the data frames, drawn for each.
    """

    fraction: float = attrs.field(validator=_SHARE)


@attrs.frozen(kw_only=True)
class Duplicate(LastingFault):
    """
    Frames arrive twice, one right after the other.

    Attributes:
        fraction: Share of the data frames, drawn for each.
    """

    fraction: float = attrs.field(validator=_SHARE)


@attrs.frozen(kw_only=True)
class Reorder(LastingFault):
    """
    Frames are overtaken by later ones.

    Attributes:
        fraction: Share of the data frames, drawn for each.
        distance: How many later frames go first, at most.
    """

    fraction: float = attrs.field(validator=_SHARE)
    distance: int = attrs.field(default=1, validator=[ge(1), le(1000)])


@attrs.frozen(kw_only=True)
class Garbage(Fault):
    """One text frame that no protocol knows."""


@attrs.frozen(kw_only=True)
class Oversized(Fault):
    """
    One text frame that is far too long.

    Attributes:
        bytes: Length of its payload.
    """

    bytes: int = attrs.field(default=2 * 1024 * 1024, validator=[ge(1), le(64 * 1024 * 1024)])


@attrs.frozen(kw_only=True)
class RefuseHandshakes(LastingFault):
    """
    Nobody is let in; who is in stays.

    Attributes:
        status: HTTP status of the refusal.
    """

    status: int = attrs.field(default=503, validator=[ge(400), lt(600)])


@attrs.frozen(kw_only=True)
class ExpireTokens(Fault):
    """Access tokens given out so far are no longer good."""


@attrs.frozen(kw_only=True)
class Restart(LastingFault):
    """The server goes away and comes back: connections are closed with 1012, nobody is let in meanwhile."""


ACTIONS: Final[tuple[type[Action], ...]] = (
    Shock,
    Volatility,
    Activity,
    Liquidity,
    Spread,
    LargeOrder,
    Halt,
    Resume,
    List,
    Delist,
)
FAULTS: Final[tuple[type[Fault], ...]] = (
    Disconnect,
    Mute,
    HalfOpen,
    Delay,
    Drop,
    Duplicate,
    Reorder,
    Garbage,
    Oversized,
    RefuseHandshakes,
    ExpireTokens,
    Restart,
)
