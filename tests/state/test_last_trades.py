"""The last trades."""

from feed.model.events import QUOTE, TRADE
from feed.model.instruments import Instrument, Listing
from feed.state.market_state import MarketState
from feed.state.projections import Projections

LISTING = Listing(
    Instrument(symbol=name, base=name, quote="USD", price_decimals=2, size_decimals=0) for name in "AB"
)


def trade(instrument, number):
    return (TRADE, instrument, 0, number, 0, 100, 1, 0, 0, -1, -1)


def kept(*rows, most=10):
    market_state = MarketState(2)
    projections = Projections(LISTING, market_state, most_trades=most)
    for seq, row in enumerate(rows, 1):
        if market_state.apply(seq, row, 100 + seq):
            projections.apply(seq, row, 100 + seq)
    return projections.trades


def numbers(trades, instrument=0, limit=100):
    return [(item.trade, item.seq, item.proof) for item in trades.newest(instrument, limit)]


def test_trades_come_newest_first_with_their_positions():
    """Whatever came in between, and however often somebody asked."""
    assert numbers(kept()) == []
    trades = kept(trade(0, 1), (QUOTE, 0, 0, 1, 1, 2, 1), trade(1, 1), trade(0, 2))
    assert numbers(trades) == numbers(trades) == [(2, 4, 104), (1, 1, 101)]
    assert numbers(trades, 1) == [(1, 3, 103)]
    assert numbers(trades, limit=1) == [(2, 4, 104)]


def test_no_more_than_wanted_are_kept():
    """The oldest go."""
    trades = kept(*[trade(0, at) for at in range(1, 8)], most=3)
    assert [trade for trade, _, _ in numbers(trades)] == [7, 6, 5]
