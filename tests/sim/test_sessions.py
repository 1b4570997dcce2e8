"""Hours of trading: when instruments open and close, by their asset class."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from copies import copied
from hypothesis import given
from hypothesis import strategies as st

from feed.model.auctions import AuctionPhase, AuctionPurpose
from feed.model.durations import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import ADD, AUCTION, REDUCE, STATUS, TRADE, Status, event
from feed.model.market import MarketSpec
from feed.model.scenario import Scenario
from feed.model.sessions import NS_PER_DAY, SessionPhase, Sessions, TradingHours, daily, weekly
from feed.model.timeline import Activity, Delist, Halt, List
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket

FRIDAY = int(datetime(2024, 3, 8, tzinfo=UTC).timestamp()) * NS_PER_SECOND
SUNDAY = FRIDAY + 2 * NS_PER_DAY
MINUTE, HOUR = NS_PER_MINUTE, NS_PER_HOUR


def market_of(*symbols, sessions=None, rate=0.5, **more):
    """Instruments of the default market, so slow that days go by quickly."""
    chosen = {item.instrument.symbol: item for item in default_market(40).instruments}
    return MarketSpec(
        instruments=tuple(
            attrs.evolve(chosen[symbol], updates_per_second=rate, **more) for symbol in symbols
        ),
        sessions=sessions or Sessions(),
    )


LUNCH = Sessions(hours=(TradingHours(asset_class="fx", open=("Fri 22:30 to Fri 22:00",)),))
"""Half an hour in the week in which currencies are closed."""


def scenario_of(spec, start, length, *actions):
    return Scenario(name="sessions", seed=2, start=start, duration=length, market=spec, actions=actions)


def run(spec, start, length, *actions):
    """All rows of a market."""
    script = ScriptedMarket(scenario_of(spec, start, length, *actions))
    return script.opening() + script.advance(start + length)


def statuses(rows, start, instrument=0):
    """Minutes from the start, and statuses."""
    return [
        ((row[2] - start) // MINUTE, Status(row[3]).name)
        for row in rows
        if row[0] == STATUS and row[1] == instrument
    ]


# --- hours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "begin", "length"),
    [
        ("Mon 00:00 to Mon 24:00", 0, 24),
        ("Sun 22:00 to Fri 22:00", 6 * 24 + 22, 5 * 24),
        ("Fri 09:30 to Fri 16:00", 4 * 24 + 9.5, 6.5),
        ("Mon 00:00 to Mon 00:00", 0, 7 * 24),
    ],
)
def test_parts_of_the_week(text, begin, length):
    """They may go over its end; one that ends where it begins is the whole of it."""
    assert weekly(text) == (begin * HOUR, length * HOUR)


def test_parts_of_the_day():
    """They may go over midnight."""
    assert daily("22:30 to 01:00") == (22.5 * HOUR, 2.5 * HOUR)
    assert daily("21:00 to 24:00") == (21 * HOUR, 3 * HOUR)


@pytest.mark.parametrize("text", ["", "Sun 22:00", "Sun 22:00 to Fri 25:00", "sun 22:00 to fri 22:00"])
def test_other_text_is_no_part_of_the_week(text):
    """It is refused with an example."""
    with pytest.raises(ValueError, match="such as 'Sun 22:00 to Fri 22:00'"):
        TradingHours(asset_class="fx", open=(text,))
    with pytest.raises(ValueError, match="such as '21:00 to 24:00'"):
        TradingHours(asset_class="fx", open=("Sun 22:00 to Fri 22:00",), thin=(text,))


def test_currencies_are_closed_at_the_weekend():
    """From the evening of Friday to that of Sunday, with an auction before each; coins trade always."""
    sessions = Sessions()
    fx = sessions.of("fx")
    for moment, phase, until in (
        (FRIDAY + 12 * HOUR, SessionPhase.OPEN, FRIDAY + 22 * HOUR - MINUTE),
        (FRIDAY + 22 * HOUR - MINUTE, SessionPhase.CLOSING, FRIDAY + 22 * HOUR),
        (FRIDAY + 22 * HOUR, SessionPhase.CLOSED, SUNDAY + 22 * HOUR - MINUTE),
        (SUNDAY + 22 * HOUR - MINUTE, SessionPhase.OPENING, SUNDAY + 22 * HOUR),
        (SUNDAY + 22 * HOUR, SessionPhase.OPEN, SUNDAY + 5 * NS_PER_DAY + 22 * HOUR - MINUTE),
    ):
        assert sessions.phase(fx, moment) == (phase, until)
    assert sessions.of("crypto") is None
    assert sessions.thin(fx, FRIDAY + 20 * HOUR) == (False, FRIDAY + 21 * HOUR)
    assert sessions.thin(fx, FRIDAY + 21 * HOUR) == (True, FRIDAY + 24 * HOUR)
    assert sessions.thin(TradingHours(asset_class="fx", open=("Mon 00:00 to Fri 00:00",)), 0) == (False, None)


@given(
    now=st.integers(0, 10**19),
    opening=st.integers(0, NS_PER_DAY),
    closing=st.integers(0, NS_PER_DAY),
    kind=st.sampled_from(("fx", "metal")),
)
def test_a_phase_lasts_until_the_next_begins(now, opening, closing, kind):
    """Until then it is the same, and then it is another one; the next is always ahead."""
    sessions = Sessions(opening=opening, closing=closing)
    hours = sessions.of(kind)
    phase, until = sessions.phase(hours, now)
    assert until > now
    assert sessions.phase(hours, until - 1) == (phase, until)
    assert sessions.phase(hours, until)[0] is not phase


# --- in a market ------------------------------------------------------------------------------------


def test_an_instrument_closes_and_opens_with_auctions():
    """Nothing happens while it is closed, and it opens elsewhere; others trade on."""
    start = FRIDAY + 22 * HOUR - 10 * MINUTE
    rows = run(market_of("EURUSD", "BTC-USD", sessions=LUNCH), start, 50 * MINUTE)
    closes, opens = 10, 40
    assert statuses(rows, start) == [
        (closes - 1, "AUCTION"),
        (closes, "CLOSED"),
        (opens - 1, "AUCTION"),
        (opens, "TRADING"),
    ]
    assert not statuses(rows, start, 1)
    changes = [row for row in rows if row[1] == 0 and row[0] in (ADD, REDUCE, TRADE)]
    assert not [row for row in changes if closes < (row[2] - start) / MINUTE < opens - 1]
    closing, opening = (
        [event(0, row) for row in rows if row[0] == AUCTION and row[3] == purpose]
        for purpose in (AuctionPurpose.CLOSING, AuctionPurpose.OPENING)
    )
    assert closing[-1].phase is opening[-1].phase is AuctionPhase.UNCROSSED
    assert opening[0].reference == closing[-1].price
    assert opening[-1].price != closing[-1].price
    assert abs(opening[-1].price / closing[-1].price - 1) < 0.03
    coins = [row for row in rows if row[1] == 1 and row[0] == TRADE]
    assert [row for row in coins if closes < (row[2] - start) / MINUTE < opens]


def test_metals_rest_for_an_hour_of_each_day():
    """And over the weekend, an hour longer than currencies."""
    start = FRIDAY - NS_PER_DAY + 21 * HOUR
    rows = run(market_of("XAUUSD", sessions=Sessions(opening=0, closing=0)), start, 3 * HOUR)
    assert statuses(rows, start) == [(60, "CLOSED"), (120, "TRADING")]
    assert not [row for row in rows if row[0] == AUCTION]


def test_a_market_may_begin_at_a_weekend():
    """Closed, with the quotes of its last prices, or in the middle of an auction."""
    rows = run(market_of("EURUSD"), SUNDAY, 10 * MINUTE)
    assert statuses(rows, SUNDAY) == [(0, "CLOSED")]
    start = SUNDAY + 22 * HOUR - 20 * NS_PER_SECOND
    rows = run(market_of("EURUSD"), start, MINUTE)
    assert [it[1] for it in statuses(rows, start)] == ["AUCTION", "TRADING"]


def test_a_halt_ends_as_the_hour_says():
    """Outside of its hours the instrument is closed then, and opens when all of its kind do."""
    start = FRIDAY + 22 * HOUR - 10 * MINUTE
    halt = Halt(at=5 * MINUTE, duration=10 * MINUTE)
    listed = Delist(at=20 * MINUTE), List(at=25 * MINUTE)
    rows = run(market_of("EURUSD", sessions=LUNCH), start, 42 * MINUTE, halt, *listed)
    assert statuses(rows, start) == [
        (5, "HALTED"),
        (15, "CLOSED"),
        (20, "DELISTED"),
        (25, "CLOSED"),
        (39, "AUCTION"),
        (40, "TRADING"),
    ]


def test_less_happens_in_thin_hours():
    """Besides what a scenario says of the activity."""
    start = SUNDAY - 4 * NS_PER_DAY + 21 * HOUR - MINUTE
    script = ScriptedMarket(scenario_of(market_of("EURUSD"), start, 3 * HOUR, Activity(at=0, factor=2.0)))
    script.opening()
    paces = []
    for time in (0, 2 * MINUTE):
        script.advance(start + time)
        paces.append(1 / script.market._sims[0].interval_scale)
    assert paces == pytest.approx([2.0, 0.8])


def test_the_last_price_is_the_mark_while_closed():
    """Where quotes are gone there is still a price by which positions are valued."""
    market = Market(market_of("EURUSD"), seed=2, start=FRIDAY + 21 * HOUR + 50 * MINUTE)
    rows = market.opening() + market.advance(FRIDAY + 23 * HOUR)
    last = next(row[5] for row in reversed(rows) if row[0] == TRADE)
    assert market.mark(0) == last


def test_hours_are_kept_however_time_is_divided():
    """And by a copy that goes on elsewhere, while the instrument is closed."""
    start = FRIDAY + 22 * HOUR - 2 * MINUTE
    spec = market_of("EURUSD", sessions=LUNCH)
    whole, parts = (Market(spec, seed=4, start=start) for _ in range(2))
    end = start + 34 * MINUTE
    rows = whole.opening() + whole.advance(end)
    cut = parts.opening() + parts.advance(start + 90 * NS_PER_SECOND) + parts.advance(start + 9 * MINUTE)
    parts = copied(parts)
    assert rows == cut + parts.advance(end - 90 * NS_PER_SECOND) + parts.advance(end)


def test_a_market_without_hours_is_always_open():
    """The default one is."""
    assert default_market().sessions is None
    spec = attrs.evolve(market_of("EURUSD"), sessions=None)
    assert not statuses(run(spec, SUNDAY, MINUTE), SUNDAY)
