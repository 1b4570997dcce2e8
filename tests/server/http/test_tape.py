"""The last trades."""

from collections import deque

from feed.model.events import QUOTE, TRADE
from feed.model.market_state import MarketState
from feed.server.http.tape import Tape


def trade(instrument, number):
    return (TRADE, instrument, 0, number, 0, 100, 1, 0, 0, -1, -1)


def tape_of(*rows, most=10):
    market_state = MarketState(2, trades=[deque(maxlen=most) for _ in range(2)])
    tape = Tape(market_state)
    for seq, row in enumerate(rows, 1):
        market_state.apply(seq, row, 100 + seq)
    return tape


def numbers(tape, instrument=0, limit=100):
    return [(item.trade, item.seq, item.proof) for item in tape.trades(instrument, limit)]


def test_trades_come_newest_first_with_their_positions():
    """Whatever came in between, and however often somebody asked."""
    assert numbers(tape_of()) == []
    tape = tape_of(trade(0, 1), (QUOTE, 0, 0, 1, 1, 2, 1), trade(1, 1), trade(0, 2))
    assert numbers(tape) == numbers(tape) == [(2, 4, 104), (1, 1, 101)]
    assert numbers(tape, 1) == [(1, 3, 103)]
    assert numbers(tape, limit=1) == [(2, 4, 104)]


def test_no_more_than_wanted_are_kept():
    """The oldest go."""
    tape = tape_of(*[trade(0, at) for at in range(1, 8)], most=3)
    assert [trade for trade, _, _ in numbers(tape)] == [7, 6, 5]
