"""What is shown on a terminal: colours, a table, a ladder."""

import io

import pytest
from rich.console import Console

from feed.cli.screen import Screen, direction, ladder, state_line
from feed.client import (
    Book,
    CandleChanged,
    Disconnected,
    LevelSet,
    Listed,
    Message,
    OrderSet,
    Quote,
    Side,
    Ticker,
    Trade,
)
from feed.dialects.items import BookPart
from feed.model.candles import Candle
from feed.model.directory import Directory

NOON = 12 * 3600 * 10**9
BUY, SELL = Side


@pytest.fixture
def directory():
    directory = Directory()
    directory.index("BTC-USD")
    directory.price(0, "0.00")
    directory.size(0, "0.0")
    return directory


def shown(*pictures):
    out = io.StringIO()
    console = Console(width=80, file=out)
    for picture in pictures:
        console.print(picture)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def quote(bid, ask, kind=Quote, **more):
    return kind(seq=1, ts=NOON, instrument=0, bid=bid, bid_size=-1, ask=ask, ask_size=-1, **more)


def trade(price, side):
    return Trade(
        seq=1,
        ts=NOON + 1_500_000,
        instrument=0,
        trade=1,
        aggressor=side,
        price=price,
        size=15,
        maker=0,
        taker=0,
        left=None,
        level=None,
    )


@pytest.mark.parametrize(
    ("before", "after", "up"), [(None, 5, None), (5, 5, None), (5, 6, True), (5, 4, False)]
)
def test_a_direction_is_seen_from_the_last_price(before, after, up):
    """Up, down, or neither."""
    assert direction(before, after) is up


def test_a_line_has_time_symbol_and_coloured_prices(directory):
    """Green where the price rose, red where it fell, since the last line of the same instrument."""
    screen = Screen(directory)
    assert screen.show(quote(10000, 10010)).plain == "12:00:00.000  BTC-USD    100.00 / 100.10"
    line = screen.show(quote(10001, 10009))
    styles = {line.plain[span.start : span.end]: span.style for span in line.spans}
    assert (styles["100.01"], styles["100.09"]) == ("green", "red")
    assert screen.show(trade(10005, BUY)).plain == "12:00:00.001  BTC-USD    100.05  1.5 buy"
    assert screen.show(trade(10005, None)).plain.endswith("100.05  1.5 ")
    assert screen.show(LevelSet(seq=1, ts=1, instrument=0, side=BUY, price=1, level=1)) is None


def test_a_candle_has_its_four_prices_and_its_volume(directory):
    """Open, high, low, close; single orders have no line, as price levels have none."""
    screen = Screen(directory)
    candle = Candle(0, 10000, 10020, 9990, 10010, 15, 3, NOON)
    at = {"seq": 1, "ts": NOON, "instrument": 0}
    line = screen.show(CandleChanged(**at, candle=candle, closed=True))
    assert line.plain == "12:00:00.000  BTC-USD    100.00 100.20 99.90 100.10  1.5 closed"
    assert screen.show(OrderSet(**at, order="1", side=BUY, price=1, size=1)) is None


def test_a_table_has_one_row_for_each_instrument(directory):
    """The last prices, when, and how many updates."""
    screen = Screen(directory)
    screen.show(quote(10000, 10010))
    screen.show(quote(10001, 10010, Ticker, price=10005))
    heading, row = shown(screen.table())
    assert heading.split() == ["Symbol", "Bid", "Ask", "Last", "Time", "Updates"]
    assert row.split() == ["BTC-USD", "100.01", "100.10", "100.05", "12:00:00.000", "2"]


def test_a_ladder_has_asks_above_bids(directory):
    """Best in the middle; bars by size; whether it can be trusted."""
    book = Book(directory, 0)
    assert "not in sync" in shown(ladder(None, "BTC-USD", 10))[0]
    levels = ((BUY, 10000, 10), (BUY, 9990, 20), (SELL, 10010, 5), (SELL, 10020, 20))
    part = BookPart(instrument=0, seq=7, ts=1, first=True, more=False, snapshot=True, levels=levels)
    book.apply(part)
    lines = [line.split() for line in shown(ladder(book, "BTC-USD", 10))]
    assert lines[0] == ["BTC-USD", "#7", "in", "sync"]
    assert lines[2:] == [
        ["100.20", "2.0", "█" * 20],
        ["100.10", "0.5", "█" * 5],
        ["100.00", "1.0", "█" * 10],
        ["99.90", "2.0", "█" * 20],
    ]


def test_states_are_lines_too(directory):
    """Those that somebody wants to see, without what is not known."""
    assert state_line(Disconnected(reason="gone", code=1006, retry_seconds=1.5)).plain == (
        "disconnected reason=gone code=1006 retry_seconds=1.5"
    )
    assert state_line(Listed(index=0, instrument=directory[0])) is None
    assert state_line(Message("{}")) is None
