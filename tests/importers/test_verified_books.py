"""Books whose messages say what becomes of each level."""

from hypothesis import given
from hypothesis import strategies as st

from feed.importers.books import ImportedMarket
from feed.importers.run import ImportRun, Options
from feed.importers.verified_books import HELD, Action, Change, VerifiedBook
from feed.model.events import CLEAR, LEVEL, QUOTE
from feed.model.instruments import Instrument
from feed.settings import Importing

ITEM = Instrument(symbol="AB-USD", base="AB", quote="USD", price_decimals=2, size_decimals=0)
PLACE = st.tuples(st.integers(0, 1), st.integers(1, 6))
LEVELS = st.dictionaries(PLACE, st.integers(1, 5), max_size=8)
CHANGES = st.lists(st.tuples(st.sampled_from(Action), PLACE, st.integers(1, 5)), min_size=1, max_size=6)


def level(change):
    action, (side, price), size = change
    return Change(action, side, price, 0 if action is Action.DELETE else size)


def applied(plain, changes):
    """The book after some changes; None when one of them contradicts it."""
    after = dict(plain)
    for action, side, price, size in changes:
        there = (side, price) in after
        if there if action is Action.INSERT else not there and action is not Action.SET:
            return None
        after.pop((side, price), None)
        if size:
            after[side, price] = size
    return after


@given(st.lists(st.one_of(LEVELS, CHANGES), max_size=12))
def test_rows_rebuild_the_book_until_a_message_contradicts_it(messages):
    """After every message the rows so far give the book that a plain dict gives, or none when it is lost."""
    run = ImportRun([], Options(), bounds=Importing(), advance=lambda _: None)
    book = VerifiedBook(run, "AB", ImportedMarket(0, ITEM, has_book=True, numbers=10))
    plain, rebuilt, quote, held, lost = None, {}, None, 0, 0
    for ts, message in enumerate(messages):
        if isinstance(message, dict):
            plain = dict(message)
            rows = book.snapshot(ts, [(side, price, size) for (side, price), size in message.items()])
        elif book.known:
            changes = [level(change) for change in message]
            plain = applied(plain, changes)
            held, lost = held + (plain is not None), lost + (plain is None)
            rows = book.apply(ts, changes)
        else:
            continue
        for row in rows:
            if row[0] == CLEAR:
                rebuilt = {}
            elif row[0] == LEVEL:
                rebuilt.pop(row[3:5], None)
                rebuilt |= {row[3:5]: row[5]} if row[5] else {}
            elif row[0] == QUOTE:
                quote = row[3:]
        assert book.known == (plain is not None)
        assert rebuilt == (plain or {})
        bids = max((it for it in rebuilt if it[0] == 0), default=(0, 0), key=lambda it: it[1])
        asks = min((it for it in rebuilt if it[0] == 1), default=(1, 0), key=lambda it: it[1])
        assert quote == (bids[1], rebuilt.get(bids, 0), asks[1], rebuilt.get(asks, 0))
    assert (run.checked[HELD], run.gaps) == (held, lost)


def test_a_book_that_is_not_known_is_not_lost():
    """Nothing is told of it."""
    run = ImportRun([], Options(), bounds=Importing(), advance=lambda _: None)
    assert VerifiedBook(run, "AB", ImportedMarket(0, ITEM, has_book=True, numbers=10)).lose(5) == []
