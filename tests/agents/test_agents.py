"""Agents in a market: what they see and when, what they send, how they fail, and that runs are the same."""

from __future__ import annotations

import sys
from collections import deque
from types import ModuleType

import attrs
import pytest
from copies import copied

from feed.agents import Agent, Reject, ReportKind, Side, Status, TimeInForce
from feed.errors import ConfigError, MarketError
from feed.model.agents import AgentSpec
from feed.model.auctions import AuctionPurpose
from feed.model.events import ADD, CLOCK, FILL, QUOTE, TRADE
from feed.model.orders import NewOrder
from feed.model.requests import Create, JournalEntry
from feed.model.scenario import Scenario
from feed.model.trading import Pricing
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.control import Control
from feed.sim.defaults import default_market
from feed.sim.looping import LoopedScenario
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import Checkpoints

SECOND = 10**9
MS = 10**6
START = 1_709_731_800 * SECOND
BASE = default_market(2)
EURO, POUND = BASE.listing().symbols
MODULE = "agents_of_a_test"


@pytest.fixture
def define():
    """Makes a class an agent that a specification can name; the module is forgotten afterwards."""
    module = sys.modules[MODULE] = ModuleType(MODULE)

    def define(kind, **fields):
        kind.__module__, kind.__qualname__ = MODULE, kind.__name__
        setattr(module, kind.__name__, kind)
        return AgentSpec(participant=f"{MODULE}:{kind.__name__}", **fields)

    yield define
    del sys.modules[MODULE]


@pytest.fixture
def open_with():
    """Opens the market of two currency pairs with agents, past its opening rows."""

    def open_with(*agents, seed=1):
        market = Market(attrs.evolve(BASE, agents=agents), seed=seed, start=START)
        market.opening()
        return market

    return open_with


def failures(market):
    return [(failure.agent, failure.error) for failure in market.agents.failures]


class Recorder(Agent):
    """Keeps all that it is told, by name and time."""

    def __init__(self):
        self.heard = []

    def on_start(self, context):
        self.heard.append(("start", context.now))

    def on_quote(self, context, symbol, quote):
        self.heard.append(("quote", context.now, symbol, quote.ts, quote.bid, quote.ask))

    def on_trade(self, context, symbol, trade):
        self.heard.append(("trade", context.now, symbol, trade.ts, trade.price, trade.size))

    def on_status(self, context, symbol, status):
        self.heard.append(("status", context.now, symbol, int(status)))


def agent_of(market, at=0):
    return market.agents.agent(market.agents.statuses[at].name)


# --- what it sees ----------------------------------------------------------------------------------------


def test_an_agent_sees_the_rows_of_its_instruments_a_latency_later(define):
    """Every quote and trade of them, in order, none of the others, and nothing before its time."""
    spec = define(Recorder, instruments=(POUND,), data_latency=7 * MS)
    market = Market(attrs.evolve(BASE, agents=(spec,)), seed=1, start=START)
    rows = market.opening() + market.advance(START + SECOND)
    order = NewOrder(
        account=1, instrument=1, side=Side.BUY, size=1, price=10**7, time_in_force=TimeInForce.IOC
    )
    rows += market.submit(order)[1] + market.advance(START + 2 * SECOND)
    told = {
        QUOTE: lambda row: ("quote", row[2] + 7 * MS, POUND, row[2], row[3], row[5]),
        TRADE: lambda row: ("trade", row[2] + 7 * MS, POUND, row[2], row[5], row[6]),
    }
    due = [row for row in rows if row[1] == 1 and row[0] in told and row[2] + 7 * MS <= market.now]
    assert agent_of(market).heard == [("start", START + 7 * MS), *(told[row[0]](row) for row in due)]
    assert {row[0] for row in due} == {QUOTE, TRADE}


def test_the_quote_of_the_context_is_as_old_as_the_latency(define, open_with):
    """Whatever the agent listens to: here to nothing but its timer."""

    class Sampler(Agent):
        def __init__(self):
            self.seen = []

        def on_start(self, context):
            context.set_timer(10 * MS)

        def on_timer(self, context):
            quote = context.quote(EURO)
            self.seen.append((context.now, quote.ts, quote.bid, quote.ask))
            context.set_timer(10 * MS)

    market = open_with(define(Sampler, data_latency=3 * MS))
    rows = [*market.snapshot(), *market.advance(START + SECOND)]
    quotes = [row for row in rows if row[0] == QUOTE and row[1] == 0]
    seen = agent_of(market).seen
    assert len(seen) > 90
    for now, ts, bid, ask in seen:
        last = [row for row in quotes if row[2] <= now - 3 * MS][-1]
        assert (ts, bid, ask) == (last[2], last[3], last[5])


def test_levels_are_the_whole_book(define, open_with):
    """The totals that it is told, put together, are the book as it was."""

    class Book(Agent):
        def __init__(self):
            self.levels = ({}, {})

        def on_level(self, context, symbol, level):
            side = self.levels[level.side]
            side[level.price] = level.size
            if not level.size:
                del side[level.price]

    market = open_with(define(Book, instruments=(EURO,), data_latency=1))
    market.advance(START + 3 * SECOND)
    market.advance(market.next_time())
    book = market.exchange.books[0]
    sides = agent_of(market).levels
    if market.now > START:  # what happened in this nanosecond is on its way
        market.advance(market.now + 1)
    assert sides == (dict(book.sizes(0)), dict(book.sizes(1)))


def test_every_public_event_can_be_heard(define):
    """One by one, as events with names; the clock is no instrument's."""

    class Hears(Agent):
        def __init__(self):
            self.rows = []

        def on_event(self, context, symbol, event):
            assert (context.instrument(symbol).symbol, event.seq) == (symbol, 0)
            self.rows.append(event.row())

    spec = define(Hears, data_latency=1)
    market = Market(attrs.evolve(BASE, agents=(spec,)), seed=1, start=START)
    rows = market.opening() + market.advance(START + SECOND)
    rows += market.set_status(1, Status.DELISTED)
    market.advance(START + SECOND + 1)
    assert agent_of(market).rows == [row for row in rows if row[0] != CLOCK]


def test_an_instrument_that_is_not_listed_has_no_quote(define):
    """Until it is, and the quote has reached the agent."""

    class Waits(Agent):
        def __init__(self):
            self.first = 0

        def on_start(self, context):
            assert context.quote(POUND) is None
            assert context.quote(EURO) is not None
            assert context.now == START + 5 * MS

        def on_quote(self, context, symbol, quote):
            if symbol == POUND and not self.first:
                self.first = context.now
                assert context.quote(POUND).ts == quote.ts

    later = attrs.evolve(BASE.instruments[1], listed=False)
    spec = attrs.evolve(
        BASE,
        instruments=(BASE.instruments[0], later),
        agents=(define(Waits, data_latency=5 * MS),),
    )
    market = Market(spec, seed=1, start=START)
    market.opening()
    market.advance(START + SECOND)
    market.set_status(1, Status.TRADING)
    market.advance(START + 2 * SECOND)
    assert failures(market) == []
    assert agent_of(market).first == START + SECOND + 5 * MS


def test_a_halt_is_told(define, open_with):
    """To agents as to everybody; their timers go on meanwhile."""
    market = open_with(define(Recorder))
    market.advance(START + SECOND)
    market.set_status(0, Status.HALTED)
    market.advance(START + 2 * SECOND)
    assert ("status", START + SECOND + MS, EURO, int(Status.HALTED)) in agent_of(market).heard


# --- what it sends ---------------------------------------------------------------------------------------


class Trader(Agent):
    """Does what it is told in its parameters at its start, and keeps what it hears of it."""

    def __init__(self, script=()):
        self.script = script
        self.heard = []

    def on_start(self, context):
        for name, arguments in self.script:
            getattr(context, name)(*arguments)

    def on_order(self, context, report):
        self.heard.append((context.now - START, report.order, report.kind.value, report.left))

    def on_fill(self, context, fill):
        self.heard.append((context.now - START, fill.order, "fill", fill.size, fill.left, fill.taker))


def test_an_order_arrives_after_its_latency_and_is_answered_after_another(define, open_with):
    """1 ms to the start, 2 ms there, 1 ms back: and its rows stand at the time of the exchange."""
    spec = define(
        Trader,
        order_latency=2 * MS,
        parameters={"script": [["submit", [EURO, 0, 7, 10]]]},
    )
    market = open_with(spec)
    rows = market.advance(START + SECOND)
    [added] = [row for row in rows if row[0] == ADD and row[5:7] == (10, 7)]
    assert added[2] == START + 3 * MS
    assert agent_of(market).heard == [(4 * MS, 1, "accepted", 7)]
    assert market.agents.statuses[0].open == 1


def test_a_market_order_trades_at_once_and_its_fills_add_up(define, open_with):
    """Accepted first, then each fill; position and totals are those of the trades."""
    market = open_with(define(Trader, parameters={"script": [["submit", [EURO, Side.BUY, 3_000_000]]]}))
    rows = market.advance(START + SECOND)
    heard = agent_of(market).heard
    assert heard[0][1:] == (1, "accepted", 3_000_000)
    fills = [item for item in heard if item[2] == "fill"]
    trades = [row for row in rows if row[0] == TRADE and row[2] == START + 2 * MS and row[1] == 0]
    assert [(fill[3], True) for fill in fills] == [
        (row[6], fill[5]) for row, fill in zip(trades, fills, strict=True)
    ]
    [traded] = market.agents.statuses[0].traded
    assert (traded.bought, traded.paid) == (
        sum(row[6] for row in trades),
        sum(row[5] * row[6] for row in trades),
    )
    left = 3_000_000 - traded.bought
    # What the book did not have is cancelled.
    assert heard[-1][1:] == ((1, "cancelled", left) if left else fills[-1][1:])


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ((EURO, 0, 5, 0), Reject.BAD_PRICE),
        ((EURO, 0, 0, 10), Reject.BAD_SIZE),
    ],
)
def test_what_the_exchange_does_not_like_comes_back(define, open_with, arguments, answer):
    """As a report; the agent goes on."""

    class Hopeful(Agent):
        def __init__(self):
            self.reasons = []

        def on_start(self, context):
            context.submit(*arguments)

        def on_order(self, context, report):
            self.reasons.append((report.kind.value, report.reason.value))
            assert not context.orders

    market = open_with(define(Hopeful))
    market.advance(START + SECOND)
    assert agent_of(market).reasons == [("rejected", answer.value)]
    assert market.agents.statuses[0].rejected == 1
    assert failures(market) == []


def test_an_order_is_replaced_and_cancelled(define, open_with):
    """By its own number; a second cancel is refused."""

    class Changes(Trader):
        def on_order(self, context, report):
            super().on_order(context, report)
            if report.kind is ReportKind.ACCEPTED:
                context.replace(report.order, price=11, size=9)
            elif report.kind is ReportKind.REPLACED:
                [order] = context.orders.values()
                assert (order.price, order.left, order.acknowledged) == (11, 9, True)
                context.cancel(report.order)
                context.cancel(report.order)

    spec = define(Changes, parameters={"script": [["submit", [EURO, 0, 7, 10]]]})
    market = open_with(spec)
    market.advance(START + SECOND)
    assert failures(market) == []
    assert [item[1:] for item in agent_of(market).heard] == [
        (1, "accepted", 7),
        (1, "replaced", 9),
        (1, "cancelled", 9),
        (1, "refused", 0),
    ]
    assert market.agents.statuses[0].open == 0


def test_a_resting_order_is_filled_by_a_client(define, open_with):
    """As maker; a client's order at its price finds it."""
    spec = define(Trader, parameters={"script": [["submit", [EURO, 0, 7, 10]]]})
    market = open_with(spec)
    market.advance(START + SECOND)
    bids = market.exchange.books[0].sizes(0)
    everything = sum(lots for price, lots in bids) - 7
    order = NewOrder(
        account=1, instrument=0, side=Side.SELL, size=everything + 4, price=10, time_in_force=TimeInForce.IOC
    )
    market.submit(order)
    market.advance(START + SECOND + MS)
    assert agent_of(market).heard[1:] == [(SECOND + MS, 1, "fill", 4, 3, False)]


def test_an_agent_does_not_trade_with_itself(define, open_with):
    """The resting order is cancelled, and told."""
    script = [["submit", [EURO, Side.BUY, 2, 10]], ["submit", [EURO, Side.SELL, 10**9, 10]]]
    market = open_with(define(Trader, parameters={"script": script}))
    rows = market.advance(START + SECOND)
    heard = [item[1:4] for item in agent_of(market).heard]
    assert heard[0] == (1, "accepted", 2)
    assert (1, "cancelled", 2) in heard
    sold = [item for item in agent_of(market).heard if item[2] == "fill"]
    assert {item[1] for item in sold} == {2}
    assert sum(item[3] for item in sold) < 10**9
    assert all(row[7] != row[8] for row in rows if row[0] == TRADE)


def test_orders_take_part_in_a_call_auction(define, open_with):
    """Those on the book and those that wait; what may not rest is cancelled with it, not before."""

    class Waits(Trader):
        def __init__(self):
            super().__init__()
            self.statuses = []

        def on_start(self, context):
            context.submit(EURO, Side.BUY, 5, 10)  # 1 rests before and after

        def on_status(self, context, symbol, status):
            self.statuses.append(status)
            if status is Status.AUCTION:
                context.submit(EURO, Side.BUY, 50, 1_000_000)  # 2 trades in it
                context.submit(EURO, Side.SELL, 50, 1)  # 3 trades in it
                context.submit(
                    EURO, Side.SELL, 7, 10_000_000, time_in_force=TimeInForce.IOC
                )  # 4 waits in vain
                context.submit(EURO, Side.BUY, 7, 1, post_only=True)  # 5 cannot be

    market = open_with(define(Waits))
    market.advance(START + SECOND)
    market.auction(0, AuctionPurpose.INTRADAY, SECOND)
    market.advance(START + 3 * SECOND // 2)
    agent = agent_of(market)
    assert [item[1:3] for item in agent.heard] == [
        (1, "accepted"),
        (2, "accepted"),
        (3, "accepted"),
        (4, "accepted"),
        (5, "rejected"),
    ]
    assert market.agents.statuses[0].open == 4
    market.advance(START + 3 * SECOND)
    assert agent.statuses == [Status.AUCTION, Status.TRADING]
    later = agent.heard[5:]
    filled = {order: sum(item[3] for item in later if item[1:3] == (order, "fill")) for order in (1, 2, 3, 4)}
    assert filled == {1: 0, 2: 50, 3: 50, 4: 0}
    assert [item[1:] for item in later if item[2] != "fill"] == [(4, "cancelled", 7)]
    assert market.agents.statuses[0].open == 1
    assert failures(market) == []


def test_a_delisting_cancels_what_rests_and_what_waits(define, open_with):
    """In an auction too."""

    class Waits(Trader):
        def on_start(self, context):
            context.submit(EURO, Side.BUY, 5, 10)

        def on_status(self, context, symbol, status):
            if status is Status.AUCTION:
                context.submit(EURO, Side.BUY, 6, 11)

    market = open_with(define(Waits))
    market.advance(START + SECOND)
    market.auction(0, AuctionPurpose.INTRADAY, SECOND)
    market.advance(START + 3 * SECOND // 2)
    market.set_status(0, Status.DELISTED)
    market.advance(START + 2 * SECOND)
    assert [item[1:] for item in agent_of(market).heard[-2:]] == [(1, "cancelled", 5), (2, "cancelled", 6)]
    assert market.agents.statuses[0].open == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"post_only": True}, Reject.WOULD_CROSS),
        ({"time_in_force": TimeInForce.FOK}, Reject.CANNOT_FILL),
    ],
)
def test_what_an_order_insists_on_is_heeded(define, open_with, options, reason):
    """Of more lots than there are, at any price: not to take, or all at once."""

    class Insists(Agent):
        def on_start(self, context):
            context.submit(EURO, Side.BUY, 10**12, 10**7, **options)

        def on_order(self, context, report):
            assert (report.kind, report.reason) == (ReportKind.REJECTED, reason)
            context.set_timer(1)

        def on_timer(self, context):
            raise RuntimeError("so it was")

    market = open_with(define(Insists))
    market.advance(START + SECOND)
    assert failures(market) == [("Insists", "RuntimeError: so it was")]


def test_a_replacement_that_trades_is_told_before_its_fills(define, open_with):
    """And never as cancelled, though the order leaves the book and comes back."""

    class Crosses(Trader):
        def on_order(self, context, report):
            super().on_order(context, report)
            if report.kind is ReportKind.ACCEPTED:
                context.replace(report.order, price=10**7, size=1)

    spec = define(Crosses, parameters={"script": [["submit", [EURO, 0, 7, 10]]]})
    market = open_with(spec)
    market.advance(START + 10 * MS)
    assert [item[1:4] for item in agent_of(market).heard] == [
        (1, "accepted", 7),
        (1, "replaced", 1),
        (1, "fill", 1),
    ]


def test_an_agent_cannot_touch_the_orders_of_others(define, open_with):
    """Numbers are its own: one that it never sent is a mistake of its code."""
    market = open_with(define(Trader, parameters={"script": [["cancel", [1]]]}))
    market.advance(START + SECOND)
    assert failures(market) == [("Trader", "ValueError: it has never sent an order 1")]


# --- what goes wrong ------------------------------------------------------------------------------------


class Fails(Agent):
    """Quotes, and fails a second later."""

    def on_start(self, context):
        context.submit(EURO, Side.BUY, 5, 10)
        context.submit(POUND, Side.SELL, 5, 9_000_000)
        context.set_timer(SECOND)

    def on_timer(self, context):
        raise LookupError("lost\nits way")


def test_an_exception_stops_the_agent_alone(define, open_with):
    """Its orders are cancelled, the others go on, and it is told when, what and where."""
    market = open_with(define(Fails), define(Recorder))
    market.advance(START + SECOND + MS - 1)
    assert market.agents.statuses[0].open == 2
    rows = market.advance(START + SECOND + MS)
    assert market.agents.statuses[0].open == 0
    assert [row[4:8] for row in rows if row[0] == 2 and row[6] == 0 and row[5] in (10, 9_000_000)] == [
        (0, 10, 0, 0),
        (1, 9_000_000, 0, 0),
    ]
    [failure] = market.agents.failures
    assert (failure.agent, failure.ts, failure.error) == (
        "Fails",
        START + SECOND + MS,
        "LookupError: lost its way",
    )
    assert failure.where.startswith("test_agents.py:")
    assert "on_timer" in failure.traceback
    market.advance(START + 2 * SECOND)
    assert agent_of(market, 1).heard[-1][1] > START + SECOND + 500 * MS
    assert len(market.agents.failures) == 1


def test_even_an_exit_stops_the_agent_alone(define, open_with):
    """What a program would end with ends one agent."""

    class Leaves(Agent):
        def on_quote(self, context, symbol, quote):
            sys.exit("enough")

    market = open_with(define(Leaves))
    market.advance(START + SECOND)
    assert failures(market) == [("Leaves", "SystemExit: enough")]


NONE = "ValueError: '{}' is none of its instruments: EURUSD"
FLOAT = "TypeError: 'float' object cannot be interpreted as an integer"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda it: it.submit("XYZ", Side.BUY, 1, 1), NONE.format("XYZ")),
        (
            lambda it: it.submit(POUND, Side.BUY, 1, 1),
            NONE.format(POUND),
        ),
        (
            lambda it: it.submit(EURO, Side.BUY, 1, 1.5),
            FLOAT,
        ),
        (lambda it: it.submit(EURO, 7, 1, 1), "ValueError: 7 is not a valid Side"),
        (lambda it: it.set_timer(0), "ValueError: a timer is set at least 1 nanosecond ahead, not 0"),
        (lambda it: it.below(0), "ValueError: there is no whole number from 0 to below 0"),
        (
            lambda it: [it.submit(EURO, Side.BUY, 1, 1) for _ in range(4)],
            "ValueError: 3 orders are open, more than max_orders allows",
        ),
        (
            lambda it: [it.cancel(it.submit(EURO, Side.BUY, 1, 1)) for _ in range(2)],
            "ValueError: 3 requests are on the way, more than max_orders allows",
        ),
    ],
)
def test_a_misuse_raises_in_the_code_of_the_agent(define, open_with, call, error):
    """Which may catch it; and nothing of it acts."""

    class Misuses(Agent):
        def on_start(self, context):
            call(context)

    market = open_with(define(Misuses, instruments=(EURO,), max_orders=3))
    market.advance(START + SECOND)
    assert failures(market) == [("Misuses", error)]
    [failure] = market.agents.failures
    assert failure.where.startswith("test_agents.py:")
    assert failure.traceback.splitlines()[1].strip().startswith('File "')
    assert "test_agents.py" in failure.traceback.splitlines()[1]
    assert market.agents.statuses[0].orders == 0


# --- every run the same -----------------------------------------------------------------------------------


class Random(Agent):
    """Trades at random times, sizes and sides."""

    def __init__(self, mean=20 * MS):
        self.mean = mean
        self.open = deque(maxlen=5)
        self.by_price = {}

    def on_start(self, context):
        context.set_timer(context.exponential(self.mean))

    def on_timer(self, context):
        symbol = context.symbols[context.below(len(context.symbols))]
        quote = context.quote(symbol)
        side = Side(context.bits(1))
        if context.below(3) == 0:
            context.submit(symbol, side, 1 + context.below(50_000))
        else:
            price = (quote.ask + 1 + context.below(20)) if side else (quote.bid - 1 - context.below(20))
            order = context.submit(symbol, side, 1 + context.below(50_000), price)
            self.by_price[price] = order
            if len(self.open) == self.open.maxlen:
                context.cancel(self.open[0])
            self.open.append(order)
        context.set_timer(context.exponential(self.mean))


def test_the_rows_do_not_depend_on_how_time_is_cut(define, open_with):
    """One advance, many, or one action at a time with a limit: the same rows."""
    spec = define(Random)
    whole = open_with(spec, attrs.evolve(spec, name="other"))
    rows = whole.advance(START + 2 * SECOND)
    cut = open_with(spec, attrs.evolve(spec, name="other"))
    pieces = []
    for step in range(1, 2001):
        pieces += cut.advance(START + step * MS)
    assert pieces == rows
    single = open_with(spec, attrs.evolve(spec, name="other"))
    singles = []
    while single.next_time() <= START + 2 * SECOND:
        singles += single.step()
    assert singles == rows
    assert whole.agents.statuses == cut.agents.statuses == single.agents.statuses
    assert whole.agents.statuses[0].traded != whole.agents.statuses[1].traded
    assert whole.agents.failures == ()


def test_another_seed_gives_other_bits(define, open_with):
    """The agent's draws are those of the market's seed and its name."""
    spec = define(Random)
    first, second = open_with(spec), open_with(spec, seed=2)
    first.advance(START + SECOND)
    second.advance(START + SECOND)
    assert agent_of(first).by_price != agent_of(second).by_price


def test_a_market_goes_on_from_a_checkpoint(define, open_with):
    """With the agent's state and all that was on the way."""
    spec = define(Random)
    market = open_with(spec)
    market.advance(START + SECOND + 3 * MS // 2)
    copy = copied(market)
    rows = market.advance(START + 3 * SECOND)
    assert copy.advance(START + 3 * SECOND) == rows
    assert copy.agents.statuses == market.agents.statuses
    assert agent_of(copy).state() == agent_of(market).state()


def scenario_of(*agents, seconds=4):
    return Scenario(
        name="test", start=START, duration=seconds * SECOND, market=attrs.evolve(BASE, agents=agents)
    )


@pytest.mark.parametrize("checkpoint_seconds", [0, 1])
def test_a_run_is_sought_back(define, checkpoint_seconds):
    """From a checkpoint or from the beginning: what follows is what followed the first time."""
    run = ScriptedMarket(scenario_of(define(Random)))
    control = Control(run, clock=lambda: 0.0, checkpoint_seconds=checkpoint_seconds)
    control.opening()
    control.start()
    first = []
    while run.now < START + 3 * SECOND:
        first += control.take(100)
    control.seek(START + 5 * SECOND // 2)
    again = []
    while len(again) < 2000 and not control.ended:
        again += control.take(100)
    after = [row for row in first if row[2] > START + 5 * SECOND // 2]
    begin = next(at for at, row in enumerate(again) if row[2] > START + 5 * SECOND // 2)
    assert len(after) > 100
    assert again[begin : begin + len(after)] == after
    assert control.agents.failures == ()


def test_agents_begin_again_with_every_round(define):
    """Made anew, in a market that counts on: no id comes twice."""
    looped = LoopedScenario(scenario_of(define(Random), seconds=1))
    looped.opening()
    looped.advance(START + SECOND // 2)
    first = looped.agents
    orders = first.statuses[0].orders
    rows = looped.advance(START + 5 * SECOND // 2)
    assert looped.rounds == 3
    assert looped.agents is not first
    assert 0 < looped.agents.statuses[0].orders < 2 * orders
    trades = [(row[1], row[3]) for row in rows if row[0] == TRADE]
    assert len(set(trades)) == len(trades)


def test_an_agent_with_a_state_that_cannot_be_kept_does_not_begin(define, open_with):
    """It is told so at its start, rather than at the first checkpoint."""

    class Holds(Agent):
        def __init__(self):
            self.names = [{"a"}]

    market = open_with(define(Holds))
    market.advance(START + SECOND)
    [(name, error)] = failures(market)
    assert name == "Holds"
    assert error.startswith("TypeError: the attribute names holds a set, which no checkpoint can keep; keep")


def test_a_state_that_later_cannot_be_kept_costs_the_checkpoints_alone(define, open_with):
    """The market goes on without copies; seeking back begins at the beginning."""

    class Later(Agent):
        def on_quote(self, context, symbol, quote):
            self.what = {symbol}

    market = open_with(define(Later))
    checkpoints = Checkpoints(SECOND, 10**9, START)
    for second in range(1, 4):
        market.advance(START + second * SECOND)
        checkpoints.offer(market)
    assert checkpoints.before(market.now) is None
    with pytest.raises(MarketError, match="the state of agent Later cannot be kept: the attribute what"):
        copied(market)
    assert market.agents.failures == ()


def test_an_agent_that_cannot_go_on_from_its_state_is_made_anew(define, open_with):
    """Seeking back runs the market from its beginning then."""

    class Loses(Agent):
        def restore(self, state):
            raise KeyError("where was I")

    market = open_with(define(Loses))
    checkpoints = Checkpoints(SECOND, 10**9, START)
    market.advance(START + SECOND)
    checkpoints.offer(market)
    assert checkpoints.before(market.now) is None


def test_an_agent_with_slots_keeps_its_state(define, open_with):
    """Attributes in slots are attributes."""

    @attrs.define
    class Slotted(Agent):
        count: int = 0

        def on_quote(self, context, symbol, quote):
            self.count += 1

    market = open_with(define(Slotted))
    market.advance(START + SECOND)
    count = agent_of(market).count
    assert count > 10
    assert agent_of(copied(market)).count == count


def test_clients_trade_beside_agents(define):
    """Behind a market of accounts the agents are the same, and are told of as before."""
    market = Market(attrs.evolve(BASE, agents=(define(Random),)), seed=1, start=START)
    run = ClientMarket(market, trading=Trading())
    plain = Market(
        attrs.evolve(BASE, agents=(AgentSpec(participant=f"{MODULE}:Random"),)), seed=1, start=START
    )
    assert run.opening() + run.advance(START + SECOND) == plain.opening() + plain.advance(START + SECOND)
    assert run.agents.statuses == plain.agents.statuses


def test_a_journal_with_agents_gives_the_same_rows(define):
    """What clients asked for acts at its time, before or behind what agents do, again as it did."""

    def opened(entries=()):
        market = Market(attrs.evolve(BASE, agents=(spec,)), seed=1, start=START)
        run = ClientMarket(market, trading=Trading(), entries=entries)
        run.opening()
        return run

    spec = define(Random)
    live, journal, rows = opened(), [], []
    for turn in range(40):
        rows += live.advance(live.now + 17 * MS, 5)
        side = Side(turn % 2)
        request = Create(account=1, instrument=0, side=side, size=300, type=Pricing.MARKET, slippage=1000)
        journal.append(JournalEntry(at=live.now, request=request))
        rows += live.execute(request)
    end = live.now + SECOND
    rows += live.advance(end)
    played = opened(journal)
    assert played.advance(end) == rows
    assert played.agents.statuses == live.agents.statuses
    assert sum(row[0] == FILL for row in rows) > 20


def test_a_market_without_agents_has_none(open_with):
    """And rows as ever."""
    assert open_with().agents is None


# --- before it runs ---------------------------------------------------------------------------------------


def test_an_unknown_instrument_is_refused(define, open_with):
    """Before anything runs."""
    with pytest.raises(MarketError, match="no instrument XXX in this market, which agent Recorder names"):
        open_with(define(Recorder, instruments=("XXX",)))


def test_parameters_that_do_not_fit_are_refused(define, open_with):
    """With those that the class takes."""
    with pytest.raises(ConfigError, match=r"parameters do not fit: got an unexpected .* Random takes mean"):
        open_with(define(Random, parameters={"size": 3}))


def test_agents_of_one_class_have_names_of_their_own(define, open_with):
    """By which their random bits differ."""
    spec = define(Recorder)
    market = open_with(spec, spec, attrs.evolve(spec, name="Recorder-3"), spec)
    assert [status.name for status in market.agents.statuses] == [
        "Recorder",
        "Recorder-2",
        "Recorder-3",
        "Recorder-4",
    ]
