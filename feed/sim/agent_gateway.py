"""Where the agents of a market are connected: it tells them what happens, and executes what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

import attrs

from feed.agents.contract import Agent, Fill, OrderReport, ReportKind
from feed.agents.failure import AgentFailure
from feed.book.exchange import Exchange
from feed.model.agents import FIRST_ACCOUNT, AgentSpec
from feed.model.events import REDUCE, STATUS, TRADE, Row, Side
from feed.model.instruments import Listing
from feed.model.orders import Ack, CancelOrder, Command, ModifyOrder, NewOrder, OrderType, Reject
from feed.sim.agent_link import AgentLink
from feed.sim.agent_status import AgentStatus, Traded, agent_names
from feed.sim.event_queue import EventQueue


@runtime_checkable
class HasAgents(Protocol):
    """A run in which agents may take part."""

    @property
    def agents(self) -> AgentGateway | None:
        """Its agents; None where it has none."""


@attrs.define
class _LiveOrder:
    """An order of an agent at the exchange: its numbers with the agent and there, and what is left of it."""

    link: AgentLink
    order: int
    number: int
    instrument: int
    symbol: str
    side: Side
    price: int
    left: int


@attrs.define
class _Account:
    """What the exchange knows of an agent."""

    live: dict[int, _LiveOrder] = attrs.field(factory=dict)  # by the agent's own numbers
    traded: dict[int, Traded] = attrs.field(factory=dict)
    orders: int = 0
    rejected: int = 0


@attrs.frozen
class MarketAccess:
    """
    What the gateway uses of a market.

    Attributes:
        exchange: Whose books agents trade in.
        listing: The instruments.
        rows: Where the market's rows gather.
        queue: Schedules what is on the way.
        enter: Executes a command at a market time; its rows join the others.
    """

    exchange: Exchange
    listing: Listing
    rows: list[Row]
    queue: EventQueue
    enter: Callable[[Command, int], Ack]


class AgentGateway:
    """
    Connects the agents of a market.

    Args:
        specs: The agents, in the order of the scenario.
        access: The market.
        seed: Of the market.
        start: Market time at which the market opens, nanoseconds.

    Raises:
        ConfigError: An agent cannot be imported, or does not take its parameters.
        MarketError: An agent names an instrument that the market does not have.
    """

    def __init__(self, specs: tuple[AgentSpec, ...], access: MarketAccess, *, seed: int, start: int) -> None:
        listing = access.listing
        self._exchange: Final = access.exchange
        self._rows = access.rows
        self._enter = access.enter
        self._listing = listing
        self._seen = 0
        self._live: dict[int, _LiveOrder] = {}  # by the exchange's numbers
        self._doubtful: dict[int, None] = {}  # orders that may be neither resting nor waiting any more
        self._failures: list[AgentFailure] = []
        self._links: list[AgentLink] = []
        for at, (spec, name) in enumerate(zip(specs, agent_names(specs), strict=True)):
            self._links.append(
                AgentLink(
                    spec,
                    name,
                    account=FIRST_ACCOUNT + at,
                    listing=listing,
                    exchange=self,
                    queue=access.queue,
                    seed=seed,
                    start=start,
                )
            )
        self._accounts = {link.account: _Account() for link in self._links}
        self._listeners: list[list[AgentLink]] = [[] for _ in range(len(listing))]
        for link in self._links:
            for instrument in link.instruments:
                self._listeners[instrument].append(link)
        self.see()

    @property
    def statuses(self) -> tuple[AgentStatus, ...]:
        """How each agent is doing, in the order of the scenario."""
        return tuple(map(self._status, self._links))

    @property
    def failures(self) -> tuple[AgentFailure, ...]:
        """The agents that were stopped, in the order in which they were."""
        return tuple(self._failures)

    def agent(self, name: str) -> Agent:
        """
        The agent of a name as it is now, for tests of it.

        Raises:
            KeyError: There is none of that name.
        """
        return {link.name: link.agent for link in self._links}[name]

    def see(self) -> None:
        """Tell agents of the rows that have come since the last time. To be called after every action."""
        rows = self._rows
        if len(rows) == self._seen:
            return
        since, self._seen = self._seen, len(rows)
        for row in rows[since:]:
            for link in self._listeners[row[1]]:
                link.hear(row)
            if self._live:
                self._follow(row)
        self._end_vanished(rows[-1][2])

    def before_taking(self) -> None:
        """Tell agents of the last rows before they are taken."""
        self.see()
        self._seen = 0

    def receive(self, link: AgentLink, now: int, order: int, command: Command) -> None:
        """Execute a command of an agent now; ``order`` is its own number of the order."""
        if isinstance(command, NewOrder):
            self._new(link, now, order, command)
            return
        live = self._accounts[link.account].live.get(order)
        if live is None:
            self._refuse(link, now, order, command, Reject.UNKNOWN_ORDER)
        elif isinstance(command, CancelOrder):
            self._cancel(live, now)
        else:
            self._replace(live, now, command)

    def disconnect(self, link: AgentLink, now: int) -> None:
        """Cancel all orders of an agent that was stopped."""
        for live in [*self._accounts[link.account].live.values()]:
            self._cancel(live, now)
        if link.failure is not None:
            self._failures.append(link.failure)

    # --- orders ----------------------------------------------------------------------------------------

    def _new(self, link: AgentLink, now: int, order: int, command: NewOrder) -> None:
        account = self._accounts[link.account]
        account.orders += 1
        instrument = command.instrument
        if instrument not in account.traded:
            book = self._exchange.books[instrument]
            arrival = book.bid + book.ask if book.bid and book.ask else 0
            symbol = self._listing[instrument].symbol
            account.traded[instrument] = Traded(symbol=symbol, arrival=arrival)
        command = attrs.evolve(command, order=self._exchange.next_order())
        ack = self._enter(command, now)
        live = _LiveOrder(
            link,
            order,
            command.order,
            command.instrument,
            self._listing[command.instrument].symbol,
            command.side,
            0 if command.type is OrderType.MARKET else command.price,
            command.size,
        )
        if ack.reject is not None:
            account.rejected += 1
            self._report(live, now, ReportKind.REJECTED, ack.reject)
            return
        account.live[order] = self._live[command.order] = live
        self._report(live, now, ReportKind.ACCEPTED)
        self.see()
        self._settle(live, now)

    def _cancel(self, live: _LiveOrder, now: int) -> None:
        account = live.link.account
        self._enter(CancelOrder(account=account, instrument=live.instrument, order=live.number), now)
        self.see()
        self._settle(live, now)

    def _replace(self, live: _LiveOrder, now: int, command: ModifyOrder) -> None:
        command = attrs.evolve(command, instrument=live.instrument, order=live.number)
        ack = self._enter(command, now)
        if ack.reject is not None:
            self._refuse(live.link, now, live.order, command, ack.reject)
            return
        live.price, live.left = command.price, command.size
        self._report(live, now, ReportKind.REPLACED)
        self.see()
        self._settle(live, now)

    def _settle(self, live: _LiveOrder, now: int) -> None:
        """After a command: what neither was filled nor rests is cancelled."""
        self._doubtful[live.number] = None
        self._end_vanished(now)

    def _end_vanished(self, now: int) -> None:
        """
        Tell that the doubtful orders are cancelled that neither rest nor wait for a call auction.

        Only at the end of an action: one that is replaced, or takes part in a call auction, leaves the book
        and comes back; one that does not rest vanishes with its auction without a row of its own.
        """
        for number in [*self._doubtful]:
            live = self._live.get(number)
            if live is None or number in self._exchange.books[live.instrument]:
                continue
            if number not in self._exchange.auctions.get(live.instrument, ()):
                self._drop(live)
                self._report(live, now, ReportKind.CANCELLED)
        self._doubtful.clear()

    def _follow(self, row: Row) -> None:
        """Tell whose order it is of a trade; note the orders that a row may have ended."""
        if row[0] == TRADE:
            for number, taker in ((row[8], True), (row[7], False)):
                live = self._live.get(number)
                if live is not None:
                    self._fill(live, row, taker=taker)
        elif row[0] == REDUCE and row[3] in self._live:
            if row[6]:
                self._live[row[3]].left = row[6]
            else:
                self._doubtful[row[3]] = None
        elif row[0] == STATUS:
            here = (number for number, live in self._live.items() if live.instrument == row[1])
            self._doubtful.update(dict.fromkeys(here))

    def _fill(self, live: _LiveOrder, row: Row, *, taker: bool) -> None:
        _, instrument, ts, _, _, price, size, *_ = row
        live.left -= size
        if not live.left:
            self._drop(live)
        traded = self._accounts[live.link.account].traded
        before = traded[instrument]
        if live.side is Side.SELL:
            after = attrs.evolve(before, sold=before.sold + size, received=before.received + price * size)
        else:
            after = attrs.evolve(before, bought=before.bought + size, paid=before.paid + price * size)
        traded[instrument] = after
        live.link.report(
            Fill(
                ts=ts,
                order=live.order,
                symbol=live.symbol,
                side=live.side,
                price=price,
                size=size,
                left=live.left,
                taker=taker,
            )
        )

    def _drop(self, live: _LiveOrder) -> None:
        del self._live[live.number]
        del self._accounts[live.link.account].live[live.order]

    def _report(self, live: _LiveOrder, now: int, kind: ReportKind, reason: Reject | None = None) -> None:
        live.link.report(
            OrderReport(
                ts=now,
                order=live.order,
                symbol=live.symbol,
                kind=kind,
                price=live.price,
                left=live.left,
                reason=reason,
            )
        )

    def _refuse(self, link: AgentLink, now: int, order: int, command: Command, reason: Reject) -> None:
        live = self._accounts[link.account].live.get(order)
        link.report(
            OrderReport(
                ts=now,
                order=order,
                symbol=self._listing[command.instrument].symbol,
                kind=ReportKind.REFUSED,
                price=live.price if live else 0,
                left=live.left if live else 0,
                reason=reason,
            )
        )

    def _status(self, link: AgentLink) -> AgentStatus:
        account = self._accounts[link.account]
        return AgentStatus(
            name=link.name,
            participant=link.spec.participant,
            failure=link.failure,
            orders=account.orders,
            rejected=account.rejected,
            open=len(account.live),
            traded=tuple(one for one in account.traded.values() if one.bought or one.sold),
        )
