"""
Steering the market, with a key of the scope ``admin``, and from this machine unless settings say else.

A source of events that can be steered has a ``control``; one that has none, such as a recording that
is merely played, answers 404.
"""

from __future__ import annotations

import enum
from typing import Annotated, Any, Final, Literal, Protocol, cast

import attrs
import msgspec
import trio

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.rest import Call, Endpoint
from feed.dialects.times import iso
from feed.errors import MarketError
from feed.model.grants import Scope
from feed.server.http.context import RequestContext
from feed.server.keys import ADMIN_NAME
from feed.settings import MOST_SPEED
from feed.sim.large_orders import LargeOrderReport, summary

ADMIN: Final = Access(name="adminKey", header="X-API-Key", dialect=ADMIN_NAME, scope=Scope.ADMIN, needed=True)
PREFIX: Final = "/admin/"
_LATEST: Final = 2**62  # nanoseconds: the year 2116


class RunStatus(Protocol):
    """
    Where a market stands.

    Attributes:
        state: What it is doing.
        speed: Market seconds per second; 0 is as fast as possible.
        market_time: Nanoseconds since the Unix epoch.
        seq: Events given out so far.
    """

    @property
    def state(self) -> enum.Enum: ...  # noqa: D102
    @property
    def speed(self) -> float: ...  # noqa: D102
    @property
    def market_time(self) -> int: ...  # noqa: D102
    @property
    def seq(self) -> int: ...  # noqa: D102


class Control(Protocol):
    """What can be asked of a market. Each may raise :class:`~feed.errors.MarketError`."""

    def status(self) -> RunStatus:
        """Where it stands."""
        ...

    def pause(self) -> None:
        """Let market time stand still."""
        ...

    def resume(self) -> None:
        """Let market time run on."""
        ...

    def step(self, events: int) -> None:
        """Give out the next events of a paused market."""
        ...

    def set_speed(self, speed: float) -> None:
        """Change the market seconds per second; 0 is as fast as possible."""
        ...

    def seek(self, time: int) -> None:
        """Go to a market time, nanoseconds since the Unix epoch."""
        ...

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of large orders."""
        ...


class Clock(Shape):
    """
    Where the market stands.

    Attributes:
        state: What it is doing.
        speed: Market seconds per second; 0 is as fast as possible.
        time: Market time, nanoseconds since the Unix epoch.
        ts: The same, ISO-8601 in UTC, milliseconds.
        seq: Events given out so far.
    """

    state: str
    speed: float
    time: int
    ts: str
    seq: int


class Pause(Shape, tag="pause", tag_field="action"):
    """Let market time stand still."""


class Resume(Shape, tag="resume", tag_field="action"):
    """Let market time run on."""


class Step(Shape, tag="step", tag_field="action"):
    """
    Give out the next events of a paused market, and whatever belongs to the same moment.

    The answer shows where the market stands after them.

    Attributes:
        events: How many.
    """

    events: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1


class Speed(Shape, tag="speed", tag_field="action"):
    """
    Change how fast market time runs.

    Attributes:
        speed: Market seconds per second; 0 is as fast as possible.
    """

    speed: Annotated[float, msgspec.Meta(ge=0, le=MOST_SPEED)]


class Seek(Shape, tag="seek", tag_field="action"):
    """
    Go to a market time.

    Attributes:
        time: Nanoseconds since the Unix epoch.
    """

    time: Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]


Command = Pause | Resume | Step | Speed | Seek


class Subject(Shape):
    """
    Something the source of events says of itself.

    Attributes:
        name: What it is.
        data: What it says.
    """

    name: Literal["scenario"]
    data: Any


class LargeOrder(Shape):
    """
    What became of a large order of the scenario.

    Attributes:
        symbol: Symbol of the instrument.
        side: ``buy`` or ``sell``, of the one who takes.
        size: Asked for.
        traded: Traded so far.
        average: Average price; null before the first trade.
        start: Middle of the best prices at its start; null before it.
        worst: Price of the trade farthest away; null before the first.
        moved_bps: How far that is from the start, basis points, negative for below; null before the first.
        market_time: Of its start, nanoseconds since the Unix epoch; null before it.
        unsent: Slices still to be sent.
        over: Whether nothing more of it will trade.
    """

    symbol: str
    side: str
    size: str
    traded: str
    average: str | None
    start: str | None
    worst: str | None
    moved_bps: float | None
    market_time: int | None
    unsent: int
    over: bool


class LargeOrders(Shape):
    """
    The large orders of the scenario.

    Attributes:
        orders: In the order in which they came.
    """

    orders: tuple[LargeOrder, ...]


def show_clock(context: RequestContext, call: Call) -> Clock:
    """Where the market stands."""
    del call
    status = _control(context).status()
    return Clock(
        state=status.state.value,
        speed=status.speed,
        time=status.market_time,
        ts=iso(status.market_time),
        seq=status.seq,
    )


def set_clock(context: RequestContext, call: Call) -> Clock:
    """Do what the body says, and show where the market stands."""
    control = _control(context)
    try:
        match cast("Command", call.body):
            case Pause():
                control.pause()
            case Resume():
                control.resume()
            case Step(events=events):
                control.step(events)
            case Speed(speed=speed):
                control.set_speed(speed)
            case Seek(time=time):
                control.seek(time)
    except MarketError as problem:
        raise Problem(409, "conflict", str(problem)) from None
    if not context.storage.problems():  # else it acts all the same, and a restart forgets it
        context.service_log.recorded()
    return show_clock(context, call)


async def show_clock_then(context: RequestContext, call: Call) -> Clock:
    """Where the market stands once it has made the steps that it was asked for, or soon after."""
    stepped = getattr(context.source, "stepped", None)
    if isinstance(call.body, Step) and stepped is not None:
        # A step waits for a client that reads slowly, as everything does; the request must not.
        with trio.move_on_after(context.settings.web.request_seconds / 2):
            await stepped()
    return show_clock(context, call)


def show_scenario(context: RequestContext, call: Call) -> Subject:
    """What the source says of its scenario."""
    del call
    return _subject("scenario", getattr(context.source, "scenario", None))


def show_large_orders(context: RequestContext, call: Call) -> LargeOrders:
    """What became of the large orders of the scenario so far."""
    del call
    summaries = (summary(report, context.listing) for report in _control(context).large_orders)
    return LargeOrders(orders=tuple(LargeOrder(**attrs.asdict(one)) for one in summaries))


def _control(context: RequestContext) -> Control:
    control: Control | None = getattr(context.source, "control", None)
    if control is None:
        raise Problem(404, "not_found", "This market cannot be steered")
    return control


def _subject(name: Literal["scenario"], data: object) -> Subject:
    if data is None:
        raise Problem(404, "not_found", f"This market has no {name}")
    return Subject(name=name, data=msgspec.to_builtins(data, enc_hook=str))


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    unsteered = {404: "The source of events cannot be steered."}
    unsaid = {404: "There is none."}
    return (
        Endpoint(
            path="/admin/clock",
            summary="Where the market stands",
            handle=show_clock,
            access=ADMIN,
            guarded=True,
            changes=True,
            returns=Clock,
            refusals=unsteered,
            group="Admin",
        ),
        Endpoint(
            method="POST",
            path="/admin/clock",
            summary="Pause, resume, step, change the speed, or seek",
            handle=set_clock,
            later=show_clock_then,
            access=ADMIN,
            guarded=True,
            body=Command,
            returns=Clock,
            refusals={**unsteered, 409: "The market cannot do that as it stands."},
            group="Admin",
        ),
        Endpoint(
            path="/admin/scenario",
            summary="The scenario that is played",
            handle=show_scenario,
            access=ADMIN,
            guarded=True,
            changes=True,
            returns=Subject,
            refusals=unsaid,
            group="Admin",
        ),
        Endpoint(
            path="/admin/large-orders",
            summary="What became of the scenario's large orders",
            handle=show_large_orders,
            access=ADMIN,
            guarded=True,
            changes=True,
            returns=LargeOrders,
            refusals=unsteered,
            group="Admin",
        ),
    )
