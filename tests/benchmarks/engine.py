"""
Operations per second of the order book, beside other matching engines in Python.

Run it from the top of the project::

    python -m tests.benchmarks.engine [OPERATIONS]

Two streams, the same for every engine: 60 % limit orders, 30 % cancels of a random resting order,
10 % market orders of 1-5 lots.

- ``deep``: limit orders of 1-10 lots rest 1-20 ticks from the middle, so that none is marketable
  and the book holds a quarter of all orders in the end.
- ``thin``: limit orders of 1-5 lots lie -3 to 20 ticks from the middle, so that one in six is
  marketable.

Making the order objects that an engine asks for counts as its work. Every engine must trade the
same number of lots, or the run fails.
"""

from __future__ import annotations

import gc
import importlib
import platform
import random
import statistics
import sys
import time

from feed.book.book import OrderBook
from feed.model.events import TRADE

OPERATIONS = 500_000
RUNS = 3
SEED = 1
BATCH = 256

LIMIT, CANCEL, MARKET = range(3)
BUY, SELL = 0, 1

# Streams by name: nearest and farthest distance from the middle, in ticks; most lots in an order.
STREAMS = {"deep": (1, 20, 10), "thin": (-3, 20, 5)}


class Crowd:
    """Resting orders, of which any can be drawn, or leave, in constant time."""

    def __init__(self):
        self.orders = []
        self.places = {}

    def add(self, order):
        self.places[order] = len(self.orders)
        self.orders.append(order)

    def remove(self, order):
        place, last = self.places.pop(order), self.orders.pop()
        if last != order:
            self.orders[place] = last
            self.places[last] = place


def operations(stream, count):
    """The stream as tuples (kind, order, side, price, lots), from the book that will run it."""
    nearest, farthest, most_lots = STREAMS[stream]
    rng = random.Random(SEED)
    rows = []
    book = OrderBook(0, rows.append)
    crowd = Crowd()
    middle = 10_000
    for order in range(1, count + 1):
        kind = rng.choices((LIMIT, CANCEL, MARKET), (60, 30, 10))[0]
        if kind == CANCEL and crowd.orders:
            victim = rng.choice(crowd.orders)
            crowd.remove(victim)
            book.cancel(victim)
            yield CANCEL, victim, 0, 0, 0
        elif kind == MARKET:
            side, lots = rng.getrandbits(1), rng.randint(1, 5)
            book.market(order, side, lots)
            yield MARKET, order, side, 0, lots
        else:
            side, lots = rng.getrandbits(1), rng.randint(1, most_lots)
            distance = rng.randint(nearest, farthest)
            price = middle + distance if side == SELL else middle - distance
            if book.limit(order, side, price, lots):
                crowd.add(order)
            yield LIMIT, order, side, price, lots
        for row in rows:
            if row[0] == TRADE and not row[9]:
                crowd.remove(row[7])
        rows.clear()
        if book.bid and book.ask:
            middle = (book.bid + book.ask) // 2
        elif book.bid or book.ask:
            middle = book.bid + 1 if book.bid else book.ask - 1


def run_ours(stream):
    """Every row is built and kept for a while, as on the way from a live market to its listeners."""
    rows = []
    book = OrderBook(0, rows.append)
    limit, cancel, market = book.limit, book.cancel, book.market
    for start in range(0, len(stream), BATCH):
        for kind, order, side, price, lots in stream[start : start + BATCH]:
            if kind == LIMIT:
                limit(order, side, price, lots)
            elif kind == CANCEL:
                cancel(order)
            else:
                market(order, side, lots)
        rows.clear()
    return book.volume


def run_pyorderbook(stream):
    """It has no market orders: one priced beyond every other, whose rest is cancelled, does the same."""
    engine = importlib.import_module("pyorderbook")
    book = engine.Book()
    sides, beyond = (engine.Side.BID, engine.Side.ASK), (1_000_000, 0)
    orders = {}
    traded = 0
    for kind, order, side, price, lots in stream:
        if kind == CANCEL:
            book.cancel(orders[order])
            continue
        item = engine.Order(sides[side], "X", price if kind == LIMIT else beyond[side], lots)
        for trade in book.match(item).trades:
            traded += trade.fill_quantity
        if kind == LIMIT:
            orders[order] = item
        elif item.quantity:
            book.cancel(item)
    return traded


def run_lightmatchingengine(stream):
    """Price 0 is a market order, whose rest would stay; each trade is told twice, once for each side."""
    engine = importlib.import_module("lightmatchingengine.lightmatchingengine").LightMatchingEngine()
    orders = {}
    told = 0
    for kind, order, side, price, lots in stream:
        if kind == CANCEL:
            engine.cancel_order(orders[order], "X")
            continue
        item, trades = engine.add_order("X", price, lots, side + 1)
        for trade in trades:
            told += trade.trade_qty
        if kind == LIMIT:
            orders[order] = item.order_id
        elif item.leaves_qty:
            engine.cancel_order(item.order_id, "X")
    return told // 2


ENGINES = {"feed": run_ours, "pyorderbook": run_pyorderbook, "lightmatchingengine": run_lightmatchingengine}


def measure(run, stream):
    """Median CPU seconds of a few runs, which other programs disturb least, and the lots traded."""
    seconds = []
    for _ in range(RUNS):
        gc.collect()
        start = time.process_time()
        traded = run(stream)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), traded


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else OPERATIONS
    print(f"{count:,} operations, CPU time of one core, median of {RUNS} runs")
    print(f"Python {platform.python_version()}\n")
    print(f"{'stream':8}{'engine':22}{'ops/s':>12}{'us/op':>9}{'feed faster by':>16}")
    for name in STREAMS:
        stream = list(operations(name, count))
        gc.freeze()
        ours, expected = measure(run_ours, stream)
        for engine, run in ENGINES.items():
            try:
                seconds, traded = (ours, expected) if run is run_ours else measure(run, stream)
            except ModuleNotFoundError:
                print(f"{name:8}{engine:22}not installed: pip install {engine}")
                continue
            if traded != expected:
                raise SystemExit(f"{engine} traded {traded} lots on {name}, not {expected}")
            figures = f"{count / seconds:12,.0f}{seconds / count * 1e6:9.2f}{seconds / ours:15.1f}x"
            print(f"{name:8}{engine:22}{figures}", flush=True)


if __name__ == "__main__":
    main()
