"""The market as a pure function of (specification, seed, commands)."""

from __future__ import annotations

import builtins

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.book.views import L2
from feed.errors import MarketError
from feed.model.digest import Digest
from feed.model.events import ADD, QUOTE, TRADE, Side, Status
from feed.model.market import DeepBook, Factors, ForcedTraders, Makers, MarketSpec, Takers
from feed.model.orders import CancelOrder, NewOrder, OrderType, Reject, TimeInForce
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND

# SHA-256 of the canonical rows of the default market, seed 1, opening included, and how many there are.
GOLDEN_SECONDS = 60
GOLDEN_ROWS = 81_609
GOLDEN = "3d023b02b9e8b872834c4819f87d2dff9ee57760419425a77549815e09237d07"


def digest(market, seconds):
    running = Digest()
    running.update(market.opening())
    running.update(market.advance(START + seconds * SECOND))
    return running.events, running.hexdigest()


def test_golden_digest():
    """The default market makes the same events on every machine and every Python."""
    market = Market(default_market(), seed=1, start=START)

    assert digest(market, GOLDEN_SECONDS) == (GOLDEN_ROWS, GOLDEN)


def test_no_float_is_added_by_sum(monkeypatch):
    """It rounds differently since Python 3.12; `math.fsum` and plain additions are the same everywhere."""

    def exact(values, start=0):
        values = [*values]
        assert not any(isinstance(value, float) for value in [*values, start])
        return add_up(values, start)

    add_up = builtins.sum
    monkeypatch.setattr(builtins, "sum", exact)
    market = Market(default_market(), seed=1, start=START)
    assert digest(market, 10)[0] > 5000


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    """Nothing but specification and seed decides."""
    first, again, other = (
        digest(Market(default_market(3), seed=seed, start=START), 5)[1] for seed in (7, 7, 8)
    )

    assert first == again
    assert first != other


def test_an_instrument_draws_its_own_random_numbers():
    """Without factors, an instrument behaves the same beside any other instruments."""
    rows = []
    for count in (1, 3):
        items = default_market(count).instruments
        spec = MarketSpec(instruments=tuple(attrs.evolve(item, factors=Factors()) for item in items))
        market = Market(spec, seed=1, start=START)
        market.opening()
        # Order ids are counted over the whole market, all else is the instrument's own.
        rows.append([row for row in market.advance(START + 5 * SECOND) if row[1] == 0 and row[0] == QUOTE])

    assert rows[0] == rows[1]
    assert rows[0]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_rows_do_not_depend_on_how_time_is_cut(data):
    """Any sequence of advances and steps gives the rows of one advance."""
    end = START + 2 * SECOND
    whole = Market(default_market(2), seed=3, start=START)
    cut = Market(default_market(2), seed=3, start=START)
    expected = whole.opening() + whole.advance(end)
    actual = cut.opening()
    for _ in range(data.draw(st.integers(0, 20))):
        if data.draw(st.booleans()) and cut.next_time() <= end:
            actual += cut.step()
        else:
            until = data.draw(st.integers(cut.now, end))
            actual += cut.advance(until, data.draw(st.integers(0, 60)))
    actual += cut.advance(end)

    assert expected == actual
    assert end == cut.now


def test_a_limit_stops_after_the_first_whole_action_that_reaches_it(open_market):
    """``now`` is then the time of that action; the rest comes with the next call."""
    whole = open_market().advance(START + SECOND)
    market = open_market()
    rows = market.advance(START + SECOND, limit=10)

    assert 10 <= len(rows) < 30
    assert market.now == rows[-1][2] < START + SECOND
    assert whole == rows + market.advance(START + SECOND)


def test_a_step_is_one_action_at_its_time(open_market):
    """Its rows bear the time that was announced, and the next action is not earlier."""
    market = open_market()
    for _ in range(200):
        due = market.next_time()
        rows = market.step()
        assert due == market.now <= market.next_time()
        assert all(row[2] == due for row in rows)


def test_time_does_not_go_back(open_market):
    """Advancing to the past is refused."""
    market = open_market()
    market.advance(START + SECOND)

    with pytest.raises(MarketError, match="back"):
        market.advance(START)


def test_rows_are_in_the_order_of_time_and_rebuild_the_books():
    """Timestamps never decrease, and the rows rebuild the books of the exchange."""
    market = Market(default_market(4), seed=2, start=START)
    views = [L2() for _ in range(4)]
    rows = market.opening() + market.advance(START + 20 * SECOND)
    for row in rows:
        views[row[1]].apply(row)

    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    for view, book in zip(views, market.exchange.books, strict=True):
        for side in Side:
            assert view.levels(side) == [(price, lots) for price, lots, _ in book.levels(side)]


def test_the_opening_quotes_both_sides_of_every_book_at_the_start():
    """Before any time has passed there is a market to show."""
    market = Market(default_market(20), seed=1, start=START)
    rows = market.opening()

    assert {START} == {row[2] for row in rows}
    assert all(row[0] in {ADD, QUOTE} for row in rows)
    assert all(0 < book.bid < book.ask for book in market.exchange.books)
    assert market.opening() == []


def test_books_are_never_crossed_or_one_sided(open_market):
    """After every chunk of a stormy minute each book has a bid below an ask."""
    market = open_market(6, seed=4)
    for index in range(6):
        market.volatility(index, 5)
        market.activity(index, 4)
    while market.now < START + 15 * SECOND:
        market.advance(START + 15 * SECOND, 50)
        assert all(0 < book.bid < book.ask for book in market.exchange.books)


def test_the_quote_of_a_liquid_instrument_changes_every_second(open_market):
    """In every instrument of the default market, in every second."""
    market = open_market(12, seed=5)
    last = [START] * 12
    longest = 0
    for row in market.advance(START + 40 * SECOND):
        if row[0] == QUOTE:
            longest = max(longest, row[2] - last[row[1]])
            last[row[1]] = row[2]

    assert longest < SECOND
    assert min(last) > START + 39 * SECOND


def test_commands_at_the_same_times_give_the_same_rows(open_market):
    """A client's orders are part of what the market is a function of."""

    def run(cuts):
        market = open_market(2, seed=6)
        rows = []
        for second in range(1, 4):
            for cut in range(1, cuts + 1):
                rows += market.advance(START + (second - 1) * SECOND + cut * SECOND // cuts)
            ack, more = market.submit(
                NewOrder(account=1, instrument=0, side=Side.BUY, size=150, type=OrderType.MARKET)
            )
            rows += [(ack.order, ack.filled), *more]
        return rows

    assert run(1) == run(5)
    assert run(1) != open_market(2, seed=6).advance(START + 3 * SECOND)


def test_an_order_acts_at_the_current_market_time(open_market):
    """What it does follows in the same call, stamped with now."""
    market = open_market(1)
    market.advance(START + SECOND)
    book = market.exchange.books[0]
    ask, offered = book.ask, book.ask_size
    ack, rows = market.submit(
        NewOrder(account=1, instrument=0, side=Side.BUY, size=1, price=ask, time_in_force=TimeInForce.IOC)
    )

    assert ack.filled == 1
    assert rows[0][:3] == (TRADE, 0, START + SECOND)
    assert rows[0][4:7] == (Side.BUY, ask, 1)
    assert rows[1] == (QUOTE, 0, START + SECOND, book.bid, book.bid_size, ask, offered - 1)


def test_resting_orders_can_be_cancelled_later(open_market):
    """A deep order stays while the market goes on, until its owner takes it off."""
    market = open_market(1)
    ack, rows = market.submit(NewOrder(account=1, instrument=0, side=Side.BUY, size=5, price=1))
    market.advance(START + SECOND)
    cancelled, gone = market.submit(CancelOrder(account=1, instrument=0, order=ack.order))

    assert [row[0] for row in rows] == [ADD]
    assert cancelled.reject is None
    assert gone[0][3:7] == (ack.order, Side.BUY, 1, 0)


def test_a_bad_command_changes_nothing(open_market):
    """An unknown instrument is answered, not raised."""
    ack, rows = open_market(1).submit(NewOrder(account=1, instrument=9, side=Side.BUY, size=1, price=1))

    assert Reject.UNKNOWN_INSTRUMENT is ack.reject
    assert rows == []


@pytest.mark.parametrize("side", list(Side))
def test_a_sweep_of_the_whole_book_is_quoted_again_at_once(open_market, side):
    """An order for more than there is leaves a two-sided book, in the same call."""
    market = open_market(1)
    market.advance(START + SECOND)
    ack, rows = market.submit(NewOrder(account=1, instrument=0, side=side, size=10**9, type=OrderType.MARKET))
    book = market.exchange.books[0]

    assert 0 < ack.filled < 10**9
    assert any(row[0] == TRADE for row in rows)
    assert 0 < book.bid < book.ask


def test_who_bids_far_above_the_value_is_sold_to(open_market):
    """A quote on the wrong side of the value is picked off, and the price comes back."""
    market = open_market(1, seed=2)
    before = market.exchange.books[0].ask
    ack, _ = market.submit(NewOrder(account=1, instrument=0, side=Side.BUY, size=4000, price=before + 500))
    market.advance(START + 10 * SECOND)

    assert market.exchange.books[0].get(ack.order) is None
    assert abs(market.exchange.books[0].bid - before) < 100


def test_the_smallest_market_runs(open_market):
    """One maker with two quotes on a side, and hardly anybody else."""
    spec = attrs.evolve(
        default_market(1),
        makers=Makers(count=1, quotes=2),
        takers=Takers(updates=100_000),
        deep=DeepBook(orders=1, reach=0.001),
        forced=ForcedTraders(trigger=0),
    )
    market = open_market(spec=spec)
    rows = market.advance(START + 10 * SECOND)
    book = market.exchange.books[0]

    assert len(rows) > 50
    assert 0 < book.bid < book.ask
    assert len(book) < 30


def test_nobody_quotes_in_an_instrument_that_is_not_listed():
    """An order for it, or a cancel, is refused, and that is all: its book stays empty."""
    market = Market(default_market(1), seed=1, start=START)
    market.opening()
    market.set_status(0, Status.DELISTED)

    ack, rows = market.submit(NewOrder(account=1, instrument=0, side=Side.BUY, size=1, price=100))
    cancelled, others = market.submit(CancelOrder(account=1, instrument=0, order=1))

    assert (ack.reject, cancelled.reject) == (Reject.NOT_TRADING, Reject.UNKNOWN_ORDER)
    assert (rows, others) == ([], [])
    assert (market.exchange.books[0].bid, market.exchange.books[0].ask) == (0, 0)
