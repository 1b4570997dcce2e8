"""The connection of one agent: what it sees, and what it asks for, each a latency later."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import attrs

from feed.agents.contract import Agent, Fill, OpenOrder, OrderReport, ReportKind
from feed.agents.failure import AgentFailure
from feed.agents.loading import make_agent
from feed.agents.state import check_plain
from feed.errors import MarketError
from feed.model.agents import AgentSpec
from feed.model.events import ADD, CLOCK, KINDS, LEVEL, QUOTE, REDUCE, STATUS, TRADE, Quote, Row, Side, event
from feed.model.instruments import Instrument, Listing
from feed.model.levels import level_change
from feed.model.orders import CancelOrder, Command, ModifyOrder, NewOrder, OrderType, TimeInForce
from feed.sim.agent_delays import AgentTimer, DelayLine
from feed.sim.event_queue import EventQueue
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH, random_stream

_HEARD: Final = {
    "on_quote": (QUOTE,),
    "on_trade": (TRADE,),
    "on_level": (ADD, REDUCE, TRADE, LEVEL),
    "on_status": (STATUS,),
    "on_event": tuple(kind for kind in KINDS if kind != CLOCK),
}
"""Kinds of rows that each callback is made of."""


class Exchange(Protocol):
    """What an agent's requests arrive at."""

    def receive(self, link: AgentLink, now: int, order: int, command: Command) -> None:
        """Execute a command now; ``order`` is the agent's own number of the order."""

    def disconnect(self, link: AgentLink, now: int) -> None:
        """Cancel all orders of an agent."""


class AgentLink:
    """
    Tells an agent what happens, and sends on what it asks for; implements ``AgentContext``.

    Args:
        spec: The agent.
        name: What it is called.
        account: Account number of its orders.
        listing: The instruments of the market.
        exchange: Where its requests arrive.
        queue: Schedules what is on the way.
        seed: Of the market.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        spec: As given.
        name: As given.
        account: As given.
        now: Market time of the running callback, nanoseconds.
        symbols: Symbols of its instruments.
        failure: Why it was stopped; None while it runs.
        agent: The agent itself.

    Raises:
        ConfigError: It cannot be imported, or does not take its parameters.
        MarketError: It names an instrument that the market does not have.
    """

    def __init__(
        self,
        spec: AgentSpec,
        name: str,
        *,
        account: int,
        listing: Listing,
        exchange: Exchange,
        queue: EventQueue,
        seed: int,
        start: int,
    ) -> None:
        self.spec: Final = spec
        self.name: Final = name
        self.account: Final = account
        self.now = start
        self.failure: AgentFailure | None = None
        self._listing = listing
        self._exchange = exchange
        wanted = spec.instruments or listing.symbols
        unknown = [symbol for symbol in wanted if symbol not in listing]
        if unknown:
            raise MarketError(f"no instrument {unknown[0]} in this market, which agent {name} names")
        self.symbols: Final = tuple(symbol for symbol in listing.symbols if symbol in wanted)
        self._indices: dict[str, int] = {symbol: listing.index(symbol) for symbol in self.symbols}
        self.agent = make_agent(spec)
        kind = type(self.agent)
        self._hears = frozenset(name for name in _HEARD if getattr(kind, name) is not getattr(Agent, name))
        self._kinds = frozenset(row for name in sorted(self._hears) for row in _HEARD[name])
        self._quotes: dict[int, deque[Row]] = {index: deque() for index in self._indices.values()}
        self._orders: dict[int, OpenOrder] = {}
        self._positions: dict[str, int] = dict.fromkeys(self.symbols, 0)
        self._last_order = 0
        self._bits = random_stream(seed, "agent", name)
        self._timer = AgentTimer(queue, self._ring)
        self._feed: DelayLine[Row | OrderReport | Fill | None] = DelayLine(
            queue, spec.data_latency, self._deliver
        )
        self._requests: DelayLine[tuple[int, Command]] = DelayLine(queue, spec.order_latency, self._arrive)
        self._feed.put(start, None)  # the first item: begin

    @property
    def instruments(self) -> tuple[int, ...]:
        """Indices of its instruments."""
        return tuple(self._indices.values())

    # --- from the market -------------------------------------------------------------------------------

    def hear(self, row: Row) -> None:
        """Something happened in one of its instruments, now."""
        kind = row[0]
        if kind == QUOTE:
            held = self._quotes[row[1]]
            held.append(row)
            self._age(held, row[2])
        if kind in self._kinds and self.failure is None:
            self._feed.put(row[2], row)

    def report(self, report: OrderReport | Fill) -> None:
        """Something happened to one of its orders, now."""
        if self.failure is None:
            self._feed.put(report.ts, report)

    # --- what an agent may use -------------------------------------------------------------------------

    @property
    def orders(self) -> Mapping[int, OpenOrder]:
        """Its open orders, by its own numbers, oldest first."""
        return dict(self._orders)

    def instrument(self, symbol: str) -> Instrument:
        """Names and units of an instrument."""
        return self._listing[self._index(symbol)]

    def quote(self, symbol: str) -> Quote | None:
        """Best bid and ask as far as they have reached the agent; None before the first."""
        held = self._quotes[self._index(symbol)]
        self._age(held, self.now)
        if not held or held[0][2] + self.spec.data_latency > self.now:
            return None
        return Quote.from_row(0, held[0], 0)

    def position(self, symbol: str) -> int:
        """Lots bought less lots sold, as far as the agent has heard."""
        self._index(symbol)
        return self._positions[symbol]

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
        """Send an order. Returns the agent's own number of it."""
        instrument, side = self._index(symbol), Side(side)
        size, limit = operator.index(size), 0 if price is None else operator.index(price)
        if len(self._orders) >= self.spec.max_orders:
            raise ValueError(f"{len(self._orders)} orders are open, more than max_orders allows")
        command = NewOrder(
            account=self.account,
            instrument=instrument,
            side=side,
            size=size,
            price=limit,
            type=OrderType.MARKET if price is None else OrderType.LIMIT,
            time_in_force=TimeInForce(time_in_force),
            post_only=bool(post_only),
        )
        self._last_order += 1
        order = self._last_order
        self._send(order, command)
        self._orders[order] = OpenOrder(order=order, symbol=symbol, side=side, price=limit, left=size)
        return order

    def cancel(self, order: int) -> None:
        """Ask for what is left of an order to be taken off the book."""
        instrument = self._known(order)
        self._send(order, CancelOrder(account=self.account, instrument=instrument, order=0))

    def replace(self, order: int, *, price: int, size: int) -> None:
        """Ask for another price and size of a resting order."""
        command = ModifyOrder(
            account=self.account,
            instrument=self._known(order),
            order=0,
            price=operator.index(price),
            size=operator.index(size),
        )
        self._send(order, command)

    def set_timer(self, after: int | None) -> None:
        """Have ``on_timer`` called once, in ``after`` nanoseconds; None for never."""
        if after is not None and operator.index(after) < 1:
            raise ValueError(f"a timer is set at least 1 nanosecond ahead, not {after}")
        self._timer.set(None if after is None else self.now + operator.index(after))

    def bits(self, count: int) -> int:
        """``count`` random bits of the agent's own."""
        return self._bits(count)

    def below(self, bound: int) -> int:
        """A random whole number from 0 to ``bound`` - 1, each as likely."""
        if bound < 1:
            raise ValueError(f"there is no whole number from 0 to below {bound}")
        width = (bound - 1).bit_length()
        while True:
            drawn = self._bits(width) if width else 0
            if drawn < bound:
                return drawn

    def exponential(self, mean: int) -> int:
        """A random waiting time with an exponential distribution, at least 1."""
        return 1 + int(mean * EXPONENTIAL[self._bits(WIDTH) & MASK])

    # --- inside ----------------------------------------------------------------------------------------

    def _index(self, symbol: str) -> int:
        found = self._indices.get(symbol)
        if found is None:
            raise ValueError(f"{symbol!r} is none of its instruments: {', '.join(self.symbols[:10])}")
        return found

    def _known(self, order: int) -> int:
        """Index of the instrument of an order that it has sent; the exchange refuses one that is done."""
        found = self._orders.get(order)
        if found is not None:
            return self._indices[found.symbol]
        if not 1 <= operator.index(order) <= self._last_order:
            raise ValueError(f"it has never sent an order {order}")
        return self.instruments[0]

    def _send(self, order: int, command: Command) -> None:
        if len(self._requests) >= self.spec.max_orders:
            raise ValueError(f"{len(self._requests)} requests are on the way, more than max_orders allows")
        self._requests.put(self.now, (order, command))

    def _age(self, held: deque[Row], now: int) -> None:
        """Drop the quotes that a later one has replaced for the agent at ``now``."""
        seen = now - self.spec.data_latency
        while len(held) > 1 and held[1][2] <= seen:
            held.popleft()

    def _arrive(self, now: int, request: tuple[int, Command]) -> None:
        self._exchange.receive(self, now, *request)

    def _ring(self, now: int) -> None:
        self._call(now, lambda: self.agent.on_timer(self))

    def _deliver(self, now: int, item: Row | OrderReport | Fill | None) -> None:
        self._call(now, lambda: self._tell(item))

    def _call(self, now: int, callback: Callable[[], object]) -> None:
        """Run code of the agent's; an exception stops it."""
        if self.failure is not None:
            return
        self.now = now
        try:
            callback()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's code may raise anything
            self.failure = AgentFailure.of(self.name, now, error)
            self._timer.set(None)
            self._feed.clear()
            self._requests.clear()
            self._orders.clear()
            self._exchange.disconnect(self, now)

    def _tell(self, item: Row | OrderReport | Fill | None) -> None:
        agent = self.agent
        if item is None:
            agent.on_start(self)
            check_plain(agent.state())
        elif isinstance(item, OrderReport):
            self._note(item)
            agent.on_order(self, item)
        elif isinstance(item, Fill):
            self._note_fill(item)
            agent.on_fill(self, item)
        else:
            self._tell_row(item)

    def _tell_row(self, row: Row) -> None:
        agent, hears, kind = self.agent, self._hears, row[0]
        symbol = self._listing[row[1]].symbol
        made: Any = event(0, row)
        if kind == QUOTE and "on_quote" in hears:
            agent.on_quote(self, symbol, made)
        elif kind == TRADE and "on_trade" in hears:
            agent.on_trade(self, symbol, made)
        elif kind == STATUS and "on_status" in hears:
            agent.on_status(self, symbol, made.status)
        if "on_level" in hears:
            level = level_change(row)
            if level is not None:
                agent.on_level(self, symbol, level)
        if "on_event" in hears:
            agent.on_event(self, symbol, made)

    def _note(self, report: OrderReport) -> None:
        """Keep the agent's view of its orders."""
        known = self._orders.get(report.order)
        if known is None or report.kind is ReportKind.REFUSED:
            return
        if report.kind in (ReportKind.REJECTED, ReportKind.CANCELLED):
            del self._orders[report.order]
        else:
            self._orders[report.order] = attrs.evolve(
                known, price=report.price, left=report.left, acknowledged=True
            )

    def _note_fill(self, fill: Fill) -> None:
        self._positions[fill.symbol] += -fill.size if fill.side is Side.SELL else fill.size
        known = self._orders.get(fill.order)
        if known is not None and fill.left:
            self._orders[fill.order] = attrs.evolve(known, left=fill.left)
        elif known is not None:
            del self._orders[fill.order]

    # --- checkpoints -----------------------------------------------------------------------------------

    def checkpoint_state(self) -> dict[str, Any]:
        """Its attributes, with the state of the agent instead of the agent."""
        try:
            state = self.agent.state()
            check_plain(state)
        except Exception as error:
            raise MarketError(f"the state of agent {self.name} cannot be kept: {error}") from error
        return {**vars(self), "agent": state}

    def restore_checkpoint_state(self, state: dict[str, Any]) -> None:
        """Go on with an agent that is made anew and given its state."""
        vars(self).update(state)
        self.agent = make_agent(self.spec)
        try:
            self.agent.restore(state["agent"])
        except Exception as error:
            raise MarketError(f"agent {self.name} cannot go on from its state: {error}") from error
