"""What an agent knows, what the exchange knows of it, and what stands on the book agree once all is told."""

import sys
from types import ModuleType

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.agents import Agent, ReportKind, Side, TimeInForce
from feed.model.agents import FIRST_ACCOUNT, AgentSpec
from feed.model.auctions import AuctionPurpose
from feed.model.events import TRADE, Status
from feed.sim.agent_delays import AgentTimer, DelayLine
from feed.sim.defaults import default_market
from feed.sim.event_queue import EventQueue
from feed.sim.market import Market

SECOND, MS = 10**9, 10**6
START = 1_709_731_800 * SECOND
BASE = default_market(2)
MODULE = "busy_agents_of_a_test"


class Busy(Agent):
    """Submits, replaces and cancels at random, until it is time to be quiet."""

    def __init__(self, until):
        self.until = until
        self.fills = {}
        self.ended = {}

    def on_start(self, context):
        context.set_timer(1)

    def on_timer(self, context):
        if context.now >= self.until:
            self.known = [
                (it.symbol, int(it.side), it.price, it.left, it.acknowledged)
                for it in context.orders.values()
            ]
            self.positions = {symbol: context.position(symbol) for symbol in context.symbols}
            return
        if context.now < self.until - SECOND // 10:
            self.do_something(context)
        context.set_timer(min(context.exponential(5 * MS), self.until - context.now))

    def do_something(self, context):
        orders, what = [*context.orders], context.below(8)
        symbol = context.symbols[context.below(len(context.symbols))]
        quote = context.quote(symbol)
        if quote is None or not quote.two_sided:
            price = 1 + context.below(200_000)
        else:
            price = max(1, quote.bid + context.below(60) - 30)
        if what < 2 and orders:
            context.cancel(orders[context.below(len(orders))])
        elif what < 4 and orders:
            context.replace(orders[context.below(len(orders))], price=price, size=1 + context.below(100_000))
        elif what == 4:
            context.submit(symbol, Side(context.bits(1)), 1 + context.below(100_000))
        else:
            rule = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)[context.below(4)]
            size = context.below(100_000)
            post_only = rule is TimeInForce.GTC and context.below(3) == 0
            context.submit(
                symbol, Side(context.bits(1)), size, price, time_in_force=rule, post_only=post_only
            )

    def on_fill(self, context, fill):
        signed = -fill.size if fill.side else fill.size
        self.fills[fill.symbol] = self.fills.get(fill.symbol, 0) + signed
        assert fill.order not in self.ended

    def on_order(self, context, report):
        if report.kind in {ReportKind.CANCELLED, ReportKind.REJECTED}:
            assert report.order not in self.ended
            self.ended[report.order] = report.kind.value


@pytest.fixture
def module():
    """The class where a specification finds it; forgotten afterwards."""
    found = sys.modules[MODULE] = ModuleType(MODULE)
    Busy.__module__, found.Busy = MODULE, Busy
    yield MODULE
    del sys.modules[MODULE]


@pytest.mark.parametrize("seed", range(1, 4))
def test_agent_exchange_and_book_agree(module, seed):
    """After halts, call auctions and thousands of requests, with latencies that differ."""
    end = START + 3 * SECOND
    agents = tuple(
        AgentSpec(
            participant=f"{module}:Busy",
            parameters={"until": end},
            data_latency=data,
            order_latency=order,
            max_orders=50_000,
        )
        for data, order in ((1, 1), (2 * MS, 30 * MS), (20 * MS, MS))
    )
    market = Market(attrs.evolve(BASE, agents=agents), seed=seed, start=START)
    rows = market.opening()
    rows += market.advance(START + SECOND // 2)
    rows += market.set_status(0, Status.HALTED)
    rows += market.advance(START + SECOND)
    rows += market.auction(0, AuctionPurpose.REOPENING, SECOND // 2)
    rows += market.advance(START + 2 * SECOND)
    rows += market.auction(1, AuctionPurpose.INTRADAY, SECOND // 4)
    rows += market.advance(end - SECOND // 8)
    for index in (0, 1):  # so that nobody trades with what the agent will not have heard of
        rows += market.set_status(index, Status.HALTED)
    rows += market.advance(end)
    assert market.agents.failures == ()
    for at, status in enumerate(market.agents.statuses):
        agent = market.agents.agent(status.name)
        on_book = [
            (market.listing[index].symbol, resting.side, resting.price, resting.left, True)
            for index, book in enumerate(market.exchange.books)
            for side in Side
            for number, _, _ in book.orders(side)
            if (resting := book.get(number)).account == FIRST_ACCOUNT + at
        ]
        assert sorted(agent.known) == sorted(on_book)
        assert status.open == len(on_book)
        held = {one.symbol: one.bought - one.sold for one in status.traded}
        assert {symbol: lots for symbol, lots in agent.positions.items() if lots} == {
            symbol: lots for symbol, lots in held.items() if lots
        }
        assert {symbol: lots for symbol, lots in agent.fills.items() if lots} == {
            symbol: lots for symbol, lots in held.items() if lots
        }
        assert status.orders > 50
    assert any(row[0] == TRADE for row in rows)


@given(st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(1, 40))), max_size=30))
@settings(deadline=None)
def test_a_timer_rings_when_it_was_last_set_to(settings_of_it):
    """Whatever it was set to before, and once."""
    queue, rings = EventQueue(), []
    timer = AgentTimer(queue, rings.append)
    wanted, due, now = [], None, 0

    def run(until):
        while queue.heap and queue.heap[0][0] <= until:
            time, index = queue.heap[0]
            queue.heap.pop(0)
            wait = queue.actors[index].act(time)
            if wait:
                queue.schedule(index, time + wait)
            queue.heap.sort()

    for pause, after in settings_of_it:
        now += pause
        if due is not None and due <= now:
            wanted.append(due)
            due = None
        run(now)
        due = None if after is None else now + after
        timer.set(due)
    if due is not None:
        wanted.append(due)
    run(now + 100)
    assert rings == wanted
    assert queue.heap == []


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 12))
def test_a_delay_line_keeps_order_and_time(pauses, delay):
    """Everything comes out once, so much later, in the order in which it went in."""
    queue, out = EventQueue(), []
    line = DelayLine(queue, delay, lambda now, item: out.append((now, item)))
    now, put = 0, []
    for item, pause in enumerate(pauses):
        now += pause
        while queue.heap and queue.heap[0][0] < now:
            time, index = queue.heap.pop(0)
            wait = queue.actors[index].act(time)
            if wait:
                queue.schedule(index, time + wait)
        line.put(now, item)
        put.append((now + delay, item))
    while queue.heap:
        time, index = queue.heap.pop(0)
        wait = queue.actors[index].act(time)
        if wait:
            queue.schedule(index, time + wait)
    assert out == put
    assert len(line) == 0
