"""The signal monitor: which signals it publishes, when, and that it changes no other row."""

from __future__ import annotations

import attrs
import pytest
from copies import copied
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.analytics.signals.detectors import Detectors
from feed.model.contracts import SignalRules
from feed.model.events import CLOCK, FUNDING, LIQUIDATION, SIGNAL, TRADE, Side
from feed.model.signals import FIGURES, Severity, SignalType
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.signal_monitor import SignalMonitor

SECOND = 10**9
START = 1_700_000_000 * SECOND
# Thresholds so low that there are always signals.
LOW_THRESHOLDS = SignalRules(
    whale_usd=5_000, spread_multiple=1.5, volume_multiple=2, wall_multiple=15, level_digits=4, rest_seconds=1
)
SPOT, KRAKEN, FUTURE = range(3)


def spec(rules):
    """A coin on two venues, and a future on it."""
    market = default_market()
    chosen = [
        item
        for item in market.instruments
        if item.instrument.symbol in ("BTC-USD", "BTC-USD@kraken", "BTC-PERP")
    ]
    return attrs.evolve(market, instruments=tuple(chosen), signals=rules)


def opened(rules=LOW_THRESHOLDS, seed=1):
    market = Market(spec(rules), seed=seed, start=START)
    return market, market.opening()


def signals(rows):
    return [row for row in rows if row[0] == SIGNAL]


def test_signals_are_off_by_default():
    """Without rules there is no signal."""
    market, rows = opened(None)
    rows += market.advance(START + 60 * SECOND)

    assert signals(rows) == []


def test_watching_changes_nothing_else():
    """All other rows are the same without it."""
    watched, rows = opened()
    alone, expected = opened(None)
    rows += watched.advance(START + 60 * SECOND)
    expected += alone.advance(START + 60 * SECOND)

    assert len(signals(rows)) > 20
    assert [row for row in rows if row[0] != SIGNAL] == expected


def test_signals_are_numbered_and_complete():
    """One after another from 1, in the order of time, each with the figures of its type."""
    market, rows = opened()
    found = signals(rows + market.advance(START + 60 * SECOND))

    assert [row[3] for row in found] == list(range(1, len(found) + 1))
    assert [row[2] for row in found] == sorted(row[2] for row in found)
    assert all(len(row) == 6 + len(FIGURES[SignalType(row[4])]) for row in found)
    assert all(Severity(row[5]) for row in found)


def test_what_trades_show_follows_at_once():
    """The signal of a whale follows its trades at once, at their market time, before any other trade."""
    market, _ = opened(SignalRules(whale_usd=200_000))
    market.advance(START + 10 * SECOND + SECOND // 3)
    market.large_order(SPOT, Side.BUY, 6 * 10**8)
    rows = market.step()
    at = next(index for index, row in enumerate(rows) if row[0] == SIGNAL)
    trades = [row for row in rows if row[0] == TRADE]
    cents = (sum(row[5] * row[6] for row in trades) + 5 * 10**7) // 10**8

    assert rows[at][4] == SignalType.WHALE_MOVEMENT
    assert rows[at][:3] == (SIGNAL, SPOT, trades[-1][2])
    assert rows[at][6:] == (cents, Side.BUY)
    assert TRADE not in {row[0] for row in rows[at:]}


def test_signals_of_books_come_on_the_second():
    """After the clock row of that second, with the books of that time."""
    market, rows = opened()
    rows += market.advance(START + 60 * SECOND)
    looked = {SignalType.WALL_APPEARANCE, SignalType.WALL_REMOVAL}
    found = [(at, row) for at, row in enumerate(rows) if row[0] == SIGNAL and row[4] in looked]

    assert {row[4] for _, row in found} == looked
    for at, row in found:
        assert row[2] % SECOND == 0
        assert (CLOCK, 0, row[2]) in rows[:at]


def test_books_that_nothing_was_done_to_give_what_a_new_look_would(monkeypatch):
    """Looking at a quiet market's books again, or taking what was seen a second before, is the same."""
    quiet = [
        attrs.evolve(item, updates_per_second=0.5, link=None)
        for item in default_market().instruments
        if item.instrument.venue == "binance"
    ][:12]
    market = attrs.evolve(default_market(), instruments=tuple(quiet), signals=LOW_THRESHOLDS)

    def rows():
        running = Market(market, seed=1, start=START)
        found = running.opening()
        for second in range(1, 121):
            if second % 20 == 0:
                found += running.liquidity(second % 12, 3.0 if second % 40 else 1 / 3)
            found += running.advance(START + second * SECOND)
        return found

    expected = rows()
    monkeypatch.setattr(
        SignalMonitor, "_levels", lambda self, at, side, depth: self._books[at].sizes(side, depth)
    )

    assert len({row[4] for row in signals(expected)}) > 2
    assert rows() == expected


def test_liquidations_and_funding_are_watched():
    """Forced orders are no whales, and make a cascade; a rate that leaves its range is a spike."""
    rules = SignalRules(cascade_count=2, cascade_usd=1, whale_usd=1_000, funding_least=1, rest_seconds=1)
    market, rows = opened(rules)
    rows += market.advance(START + 40 * SECOND)
    rows += market.premium(FUTURE, 0.01)
    rows += market.shock(SPOT, -0.03)
    rows += market.advance(START + 100 * SECOND)
    forced = {row[3] for row in rows if row[0] == LIQUIDATION}
    types = {row[4] for row in signals(rows) if row[1] == FUTURE}

    assert len(forced) > 2
    assert any(row[0] == FUNDING for row in rows)
    assert {SignalType.LIQUIDATION_CASCADE, SignalType.FUNDING_SPIKE} <= types
    for at, row in enumerate(rows):
        if row[0] == SIGNAL and row[4] == SignalType.WHALE_MOVEMENT:
            taker = next(before[8] for before in reversed(rows[:at]) if before[0] == TRADE)
            assert taker not in forced


def test_a_venue_that_drifts_away_returns_to_the_first_venue():
    """With where to buy and where to sell."""
    market, _ = opened(SignalRules())
    market.advance(START + 5 * SECOND)
    market.detach(KRAKEN, detached=True)
    market.shock(KRAKEN, -0.003)
    found = signals(market.advance(START + 8 * SECOND))

    assert [(row[1], row[4], row[6], row[7]) for row in found if row[4] == 7] == [
        (SPOT, SignalType.CROSS_EXCHANGE_DIVERGENCE, KRAKEN, SPOT)
    ]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5 * SECOND), st.integers(0, 60)), max_size=10), st.integers(0, 9))
def test_signals_do_not_depend_on_how_time_is_cut_and_survive_a_copy(cuts, taken):
    """In time, in rows, and with a copy of the market going on in between."""
    whole, expected = opened(seed=2)
    expected += whole.advance(START + 20 * SECOND)
    market, rows = opened(seed=2)
    for at, (pause, limit) in enumerate(cuts):
        rows += market.advance(min(market.now + pause, START + 20 * SECOND), limit)
        if at == taken:
            market = copied(market)
    rows += market.advance(START + 20 * SECOND)

    assert signals(rows)
    assert rows == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_the_default_market_is_seldom_worth_a_signal(seed):
    """A few a minute in all, and nothing critical in an ordinary hour's three minutes."""
    market = Market(default_market(), seed=seed, start=START)
    market.opening()
    found = signals(market.advance(START + 180 * SECOND))

    assert 0 < len(found) < 3 * 10
    assert Severity.CRITICAL not in {row[5] for row in found}


def test_every_relevant_row_reaches_the_detectors(monkeypatch):
    """Each trade, liquidation and funding once and in order, and each second once."""
    heard, seconds = [], []
    monkeypatch.setattr(Detectors, "on_rows", lambda _, rows: heard.extend(rows) or [])
    monkeypatch.setattr(Detectors, "on_funding", lambda _, row: heard.append(row) or [])
    monkeypatch.setattr(Detectors, "on_second", lambda _, now: seconds.append(now) or [])
    market, _ = opened()
    rows = market.shock(SPOT, -0.03) + market.advance(START + 30 * SECOND)
    wanted = (TRADE, FUNDING, LIQUIDATION)

    assert {row[0] for row in rows} >= {*wanted, CLOCK}
    assert [row for row in heard if row[0] in wanted] == [row for row in rows if row[0] in wanted]
    assert seconds == [row[2] for row in rows if row[0] == CLOCK]
