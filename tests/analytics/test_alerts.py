"""Alerts as folds over trades: when each fires, and that nothing but the trades decides it."""

import pytest

from feed.analytics.alerts import AlertBook, AlertSpec, Condition
from feed.analytics.trade_window import PARTS
from feed.model.events import Trade

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def trade(seq, price, *, size=1, at=0, instrument=0):
    return Trade(
        seq=seq,
        proof=0,
        instrument=instrument,
        ts=at,
        trade=seq,
        aggressor=None,
        price=price,
        size=size,
        maker=0,
        taker=0,
        left=None,
        level=None,
    )


def book_of(**more):
    return AlertBook(**{"per_key": 20, "most": 100, "kept": 1000, "rest": 0} | more)


def spec(condition, threshold, *, window=0, repeat=False, instrument=0):
    return AlertSpec(
        instrument=instrument, condition=condition, threshold=threshold, window=window, repeat=repeat
    )


def added(book, alert_spec, *, owner="desk", price=None, after=0):
    """A new alert of a book, which sees the event after ``after`` first."""
    alert = book.prepare("test", owner, alert_spec, now=0, price=price, seq=after)
    book.add(alert)
    return alert


def fired(alert_spec, trades, *, price=None, **more):
    """Numbers of the trades at which an alert fires, and what was reached there."""
    book = book_of(**more)
    added(book, alert_spec, price=price)
    found = []
    for one in trades:
        book.traded(one)
        found += [(each.seq, each.value) for each in book.fired("desk", one.instrument, one.seq)]
    return found


def prices(*values, **more):
    return [trade(number, value, at=number * SECOND, **more) for number, value in enumerate(values, start=1)]


@pytest.mark.parametrize(
    ("condition", "before", "values", "expected"),
    [
        (Condition.PRICE_ABOVE, 99, (99, 100, 101, 99, 100), [(2, 100)]),
        (Condition.PRICE_ABOVE, 99, (150,), [(1, 150)]),
        (Condition.PRICE_ABOVE, 100, (100, 101), []),
        (Condition.PRICE_ABOVE, 100, (101, 99, 100), [(3, 100)]),
        (Condition.PRICE_ABOVE, None, (101, 99, 102), [(3, 102)]),
        (Condition.PRICE_BELOW, 101, (101, 100, 99), [(2, 100)]),
        (Condition.PRICE_BELOW, 100, (99, 101, 98), [(3, 98)]),
    ],
)
def test_a_price_is_crossed(condition, before, values, expected):
    """From the other side: a price that is there already, when the alert is made, is not."""
    assert fired(spec(condition, 100), prices(*values), price=before) == expected


def test_a_repeated_alert_fires_again_once_it_was_not_met_in_between():
    """And rests for a while after each time."""
    values = (99, 100, 101, 99, 100, 99, 100)
    repeated = spec(Condition.PRICE_ABOVE, 100, repeat=True)
    assert [seq for seq, _ in fired(repeated, prices(*values), price=99)] == [2, 5, 7]
    resting = fired(repeated, prices(*values), price=99, rest=4 * SECOND)
    assert [seq for seq, _ in resting] == [2, 7]


def test_a_change_is_from_the_first_price_of_the_window():
    """Up or down; what is older than the window does not count any more."""
    change = spec(Condition.CHANGE, 20_000, window=MINUTE)
    assert fired(change, prices(10_000, 10_199, 10_200)) == [(3, 20_000)]
    assert fired(change, prices(10_000, 9_900, 9_800)) == [(3, -20_000)]
    late = [trade(1, 10_000, at=0), trade(2, 10_100, at=40 * SECOND), trade(3, 10_200, at=61 * SECOND)]
    assert fired(change, late) == []


def test_a_volume_is_that_of_the_window():
    """The trade that completes it fires; a window moves on by a sixtieth of its length."""
    volume = spec(Condition.VOLUME, 10, window=MINUTE, repeat=True)
    assert fired(volume, prices(1, 1, 1, 1, size=3)) == [(4, 12)]
    spread = [trade(number, 1, size=3, at=number * 21 * SECOND) for number in range(1, 10)]
    assert fired(volume, spread) == []
    assert PARTS == 60


def test_volatility_is_from_the_lowest_price_to_the_highest():
    """Whichever came first; of the lowest."""
    wide = spec(Condition.VOLATILITY, 50_000, window=MINUTE)
    assert fired(wide, prices(10_000, 10_300, 9_900, 9_810)) == []
    assert fired(wide, prices(10_000, 10_300, 9_900, 9_800)) == [(4, 51_020)]
    later = [trade(1, 10_300, at=0), trade(2, 10_000, at=30 * SECOND), trade(3, 9_800, at=61 * SECOND)]
    assert fired(wide, later) == []


def test_a_market_that_is_taken_back_begins_the_window_anew():
    """What it knew is of a time that has not come yet."""
    volume = spec(Condition.VOLUME, 10, window=MINUTE)
    assert fired(volume, [trade(1, 1, size=9, at=90 * SECOND), trade(2, 1, size=9, at=0)]) == []


def test_what_a_window_remembers_is_bounded():
    """However many trades there are in it, and however long it is."""
    book = book_of()
    alert = added(book, spec(Condition.VOLATILITY, 10**9, window=86_400 * SECOND))
    for number in range(1, 5_000):
        book.traded(trade(number, 100 + number % 7, at=number * 40 * SECOND))
    assert len(alert._window._parts) <= PARTS + 1


def test_alerts_do_not_change_each_other():
    """An alert fires at the same events whoever else has some."""
    values = prices(*(100 + 13 * number % 29 for number in range(200)))
    mine = spec(Condition.VOLATILITY, 250_000, window=MINUTE, repeat=True)
    alone = fired(mine, values)
    book = book_of()
    for threshold in range(1, 15):
        added(book, spec(Condition.PRICE_ABOVE, 100 + threshold, repeat=True), owner="other", price=100)
    added(book, mine)
    together = []
    for one in values:
        book.traded(one)
        together += [(each.seq, each.value) for each in book.fired("desk", 0, one.seq)]
    assert alone
    assert together == alone


def test_alerts_are_bounded_by_key_and_altogether():
    """With a sentence for whoever asks for one more; those that have fired count until they are removed."""
    book = book_of(per_key=1, most=2)
    price = spec(Condition.PRICE_ABOVE, 100)
    mine = added(book, price, price=99)
    book.traded(trade(1, 100))
    with pytest.raises(OverflowError, match="There are 1 alerts of this key; no more are allowed"):
        added(book, price, price=99)
    added(book, price, owner="other", price=99)
    with pytest.raises(OverflowError, match="There are too many alerts on this server"):
        added(book, price, owner="third", price=99)
    book.remove(mine)
    assert added(book, price, price=99).name == "al_2"


def test_what_has_fired_is_kept_for_those_who_resume():
    """By key, instrument and event; of each key so many events, the oldest go first."""
    book = book_of(kept=2)
    for instrument in (0, 1):
        added(book, spec(Condition.PRICE_ABOVE, 100, repeat=True, instrument=instrument), price=1)
    for seq in range(1, 8):
        book.traded(trade(seq, 100 if seq % 2 else 99, at=seq))
    assert [seq for seq in range(8) if book.fired("desk", 0, seq)] == [5, 7]
    assert book.fired("desk", 1, 5) == []
    assert book.fired("other", 0, 5) == []
    book.forget("test", "desk")
    assert book.fired("desk", 0, 7) == []


def test_an_alert_sees_what_lies_between_its_beginning_and_its_end():
    """By numbers of events, whenever it is told of them; until its end is past it keeps what it fired at."""
    book = book_of()
    above = spec(Condition.PRICE_ABOVE, 100, repeat=True)
    alert = added(book, above, price=99, after=2)
    book.end("test", "desk", alert.name, 5)
    assert book.of("test", "desk") == []
    for seq, price in enumerate((100, 99, 100, 99, 100, 99, 100), start=1):
        book.traded(trade(seq, price, at=seq))
    assert [seq for seq in range(8) if book.fired("desk", 0, seq)] == [3, 5]
    book.drop_ended(4)
    assert book.instruments == (0,)
    book.drop_ended(5)
    assert book.instruments == ()
    assert book.fired("desk", 0, 5)
    assert added(book, above).name == "al_2"


def test_a_key_that_ends_takes_its_alerts_along():
    """Those that have an end still to come too, and what has fired."""
    book = book_of()
    alert = added(book, spec(Condition.PRICE_ABOVE, 100), price=99)
    added(book, spec(Condition.PRICE_ABOVE, 100), price=99, owner="other")
    book.traded(trade(1, 100))
    book.end("test", "desk", alert.name, 9)
    book.forget("test", "desk")
    assert (len(book), book.fired("desk", 0, 1), len(book.fired("other", 0, 1))) == (1, [], 1)
