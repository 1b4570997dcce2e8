"""The last trades, read from history."""

from feed.model.events import QUOTE, TRADE
from feed.server.http.tape import Tape
from feed.stream.hub import Hub

ROOM = 1 << 20


def trade(instrument, number):
    return (TRADE, instrument, 0, number, 0, 100, 1, 0, 0, -1, -1)


def hub(*, events=100):
    return Hub(instruments=2, history_events=events, history_bytes=ROOM, make_encoder=None)


def numbers(tape, instrument=0, limit=100):
    return [(item.trade, item.seq) for item in tape.trades(instrument, limit)]


def test_trades_come_newest_first_with_their_sequence_numbers():
    """Whatever came in between, and however often somebody asked."""
    market = hub()
    tape = Tape(market, 2, 10)
    assert numbers(tape) == []
    market.publish([trade(0, 1), (QUOTE, 0, 0, 1, 1, 2, 1), trade(1, 1), trade(0, 2)])
    assert numbers(tape) == numbers(tape) == [(2, 4), (1, 1)]
    assert numbers(tape, 1) == [(1, 3)]
    market.publish([trade(0, 3)])
    assert numbers(tape) == [(3, 5), (2, 4), (1, 1)]
    assert numbers(tape, limit=1) == [(3, 5)]


def test_no_more_than_wanted_are_kept():
    """The oldest go."""
    market = hub()
    tape = Tape(market, 2, 3)
    market.publish([trade(0, at) for at in range(1, 8)])
    assert numbers(tape) == [(7, 7), (6, 6), (5, 5)]


def test_what_was_read_outlives_history():
    """What history forgot before anybody asked is not there; what was read stays."""
    market = hub(events=2)
    tape = Tape(market, 2, 10)
    market.publish([trade(0, 1), trade(0, 2), trade(0, 3)])
    assert numbers(tape) == [(3, 3), (2, 2)]
    market.publish([trade(0, 4), trade(0, 5), trade(0, 6)])
    assert numbers(tape) == [(6, 6), (5, 5), (3, 3), (2, 2)]
