"""
What an agent is told and what it may do: the base class of agents, and the context they act in.

Prices are integer ticks and sizes integer lots of the instrument, times integer nanoseconds since the Unix
epoch. An agent sees everything ``data_latency`` after it happened, and what it asks for reaches the exchange
``order_latency`` later.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from feed.model.events import Event, Quote, Side, Status, Trade
from feed.model.instruments import Instrument
from feed.model.levels import LevelChange
from feed.model.orders import Reject, TimeInForce


class ReportKind(enum.Enum):
    """What the exchange says of an order."""

    ACCEPTED = "accepted"  # it acts: fills come after this
    REJECTED = "rejected"  # it did not act at all
    REPLACED = "replaced"  # it has another price or size
    CANCELLED = "cancelled"  # what was left of it is gone, asked for or not
    REFUSED = "refused"  # a cancel or a replacement did nothing: the order was gone, or the new price is bad


@attrs.frozen(kw_only=True)
class OrderReport:
    """
    The exchange says something of one of the agent's orders.

    Attributes:
        ts: When it happened at the exchange.
        order: The agent's own number of the order.
        symbol: Symbol of the instrument.
        kind: What happened.
        price: Its limit now, ticks; 0 for a market order.
        left: Lots not filled; of an order that is rejected or cancelled, those that never will be.
        reason: Why it was rejected or refused; None for the other kinds.
    """

    ts: int
    order: int
    symbol: str
    kind: ReportKind
    price: int
    left: int
    reason: Reject | None = None


@attrs.frozen(kw_only=True)
class Fill:
    """
    One of the agent's orders traded.

    Attributes:
        ts: When it happened at the exchange.
        order: The agent's own number of the order.
        symbol: Symbol of the instrument.
        side: Side of the order.
        price: Ticks.
        size: Lots.
        left: Lots of the order that are not filled yet; 0 where it is done.
        taker: Whether it took what rested, rather than rest itself.
    """

    ts: int
    order: int
    symbol: str
    side: Side
    price: int
    size: int
    left: int
    taker: bool


@attrs.frozen(kw_only=True)
class OpenOrder:
    """
    An order as the agent knows it.

    Attributes:
        order: The agent's own number of it.
        symbol: Symbol of the instrument.
        side: Its side.
        price: Ticks; 0 for a market order.
        left: Lots not filled, as far as the agent has heard.
        acknowledged: Whether the agent has heard of its acceptance.
    """

    order: int
    symbol: str
    side: Side
    price: int
    left: int
    acknowledged: bool = False


class AgentContext(Protocol):
    """
    The market as an agent sees it, and its way to the exchange. Valid during a callback, for that agent.

    A misuse, such as an unknown symbol or a price that is no whole number, raises ``ValueError`` or
    ``TypeError`` in the agent's own code. What the exchange does not like comes back as a report.
    """

    @property
    def name(self) -> str:
        """What the scenario calls the agent."""

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch. There is no other clock."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments that it sees and trades, in the order of the listing."""

    @property
    def orders(self) -> Mapping[int, OpenOrder]:
        """Its open orders, by its own numbers, oldest first, with those that are on the way there."""

    def instrument(self, symbol: str) -> Instrument:
        """Names and units of an instrument: ``tick_size`` and ``lot_size`` are decimal numbers."""

    def quote(self, symbol: str) -> Quote | None:
        """Best bid and ask as far as they have reached the agent; None before the first."""

    def position(self, symbol: str) -> int:
        """Lots bought less lots sold, as far as the agent has heard."""

    def submit(
        self,
        symbol: str,
        side: Side,
        size: int,
        price: int | None = None,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
    ) -> int:
        """
        Send an order.

        Args:
            symbol: Symbol of the instrument.
            side: Buy or sell.
            size: Lots.
            price: Limit, ticks; None takes what there is at any price and cancels the rest.
            time_in_force: How long what is not filled stays.
            post_only: Rest or be rejected, never take.
        Returns:
            The agent's own number of the order: 1, 2, 3, ...
        Raises:
            ValueError: It does not trade that instrument, or has as many orders as it may.
        """

    def cancel(self, order: int) -> None:
        """Ask for what is left of an order to be taken off the book."""

    def replace(self, order: int, *, price: int, size: int) -> None:
        """
        Ask for another price, and another number of lots still to fill, of a resting order.

        It keeps its place in the queue only where the price stays and the size shrinks.
        """

    def set_timer(self, after: int | None) -> None:
        """Have :meth:`Agent.on_timer` called once, in ``after`` nanoseconds, at least 1; None for never."""

    def bits(self, count: int) -> int:
        """``count`` random bits of the agent's own: equal seeds give equal bits, everywhere."""

    def below(self, bound: int) -> int:
        """A random whole number from 0 to ``bound`` - 1, each as likely, from :meth:`bits`."""

    def exponential(self, mean: int) -> int:
        """A random waiting time with an exponential distribution, at least 1, from :meth:`bits`."""


class Agent:
    """
    A participant of a simulated market; override what you need, ``parameters`` come as keyword arguments.

    What it keeps in attributes is its state. It may draw on nothing but its context, its parameters and its
    state: no clock, no randomness of its own, no files that change, so that every run is the same.

    Each callback gets the context first. One that raises stops this agent alone: its orders are cancelled,
    and it is told where the run is watched.
    """

    def on_start(self, context: AgentContext) -> None:
        """Once, before all others, ``data_latency`` after the market opened."""

    def on_timer(self, context: AgentContext) -> None:
        """The time of :meth:`AgentContext.set_timer` has come."""

    def on_quote(self, context: AgentContext, symbol: str, quote: Quote) -> None:
        """The best bid or ask changed."""

    def on_trade(self, context: AgentContext, symbol: str, trade: Trade) -> None:
        """Somebody traded, perhaps the agent."""

    def on_level(self, context: AgentContext, symbol: str, level: LevelChange) -> None:
        """The total at one price changed. From the start on these are the whole book."""

    def on_status(self, context: AgentContext, symbol: str, status: Status) -> None:
        """The instrument was halted, resumed, listed or delisted."""

    def on_event(self, context: AgentContext, symbol: str, event: Event) -> None:
        """Any public event, orders one by one among them; ``seq`` is 0: numbers are given on publication."""

    def on_order(self, context: AgentContext, report: OrderReport) -> None:
        """The exchange says what became of an order of its own, or of a request about one."""

    def on_fill(self, context: AgentContext, fill: Fill) -> None:
        """An order of its own traded."""

    def state(self) -> dict[str, Any]:
        """
        What a checkpoint keeps of the agent: by default its attributes.

        To be plain: None, truth values, numbers, text, bytes, lists, tuples, deques, and dicts of these. An
        agent that has something else overrides this and :meth:`restore`.
        """
        found: Any = self.__getstate__()
        if isinstance(found, tuple):  # with slots
            return {name: value for part in found if part for name, value in part.items()}
        return {**(found or {})}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state; called on an agent that was made of the same parameters."""
        for name, value in state.items():
            setattr(self, name, value)
