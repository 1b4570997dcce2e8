"""What makers learn from trades, and how it fades."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.market import Fade, Impact
from feed.sim.reference_price import Metaorder, ReferencePrice

SECOND = 10**9
BUY, SELL = 0, 1


def reference(**impact):
    return ReferencePrice(100_000.0, 2.0, Impact(**impact), interval=SECOND // 2)


@given(st.lists(st.floats(0.01, 50.0), min_size=1, max_size=30))
def test_a_metaorder_moves_the_price_by_its_volume_however_it_is_divided(parts):
    """One order or thirty: the same move, which grows with the square root."""
    price, metaorder = reference(permanent=1.0), Metaorder(BUY)
    for part in parts:
        price.learn(metaorder, part, 10.0)
    once = reference(permanent=1.0)
    once.learn(Metaorder(BUY), math.fsum(parts), 10.0)
    assert price.price == pytest.approx(once.price)


def test_impact_is_concave():
    """Hundred times the volume moves the price about ten times as far."""
    moves = []
    for volume in (1.0, 100.0):
        price = reference(permanent=1.0)
        price.learn(Metaorder(BUY), volume, 10.0)
        moves.append(price.price - 100_000.0)
    assert 10 < moves[1] / moves[0] < 14


def test_buys_and_sells_are_mirror_images():
    """A round trip of strangers leaves the price where it was."""
    price = reference()
    price.learn(Metaorder(BUY), 5.0, 10.0)
    assert price.price > 100_000.0
    price.learn(Metaorder(SELL), 5.0, 10.0)
    assert price.price == pytest.approx(100_000.0)


def test_the_transient_part_fades_and_the_permanent_part_stays():
    """Of a move three fifths stay; the rest is gone after many times the longest scale."""
    price = reference(permanent=0.6, fades=(Fade(weight=1, seconds=1), Fade(weight=1, seconds=30)))
    price.learn(Metaorder(BUY), 9.0, 10.0)
    peak = price.price - 100_000.0
    lasts = []
    for _ in range(1200):
        price.relax()
        lasts.append(price.price - 100_000.0)
    assert lasts == sorted(lasts, reverse=True)
    assert lasts[-1] == pytest.approx(0.6 * peak, rel=1e-6)


def test_what_was_just_learnt_widens_the_quotes_for_a_while():
    """By a bounded multiple."""
    price = reference(wariness=0.5)
    price.learn(Metaorder(BUY), 100.0, 10.0)
    assert price.half > 10 * price.calm_half
    price.learn(Metaorder(SELL), 1e6, 1000.0)
    assert price.half == 40 * price.calm_half
    for _ in range(400):
        price.relax()
    assert price.half == pytest.approx(price.calm_half, rel=1e-3)


def test_inventory_shifts_the_price_against_it_and_is_hedged_away():
    """Makers who have bought ask for less; within bounds."""
    price = reference()
    price.skew, price.inventory = 1.0, 4.0
    price.centre()
    assert price.price == 99_996.0
    price.inventory = 1e9
    price.centre()
    assert price.price == 100_000.0 - 16 * price.calm_half
    price.inventory = 4.0
    for _ in range(400):
        price.relax()
    assert price.price == pytest.approx(100_000.0, abs=1e-3)


@given(st.lists(st.floats(-1e7, 1e7), max_size=20))
def test_the_price_stays_within_its_bounds(moves):
    """Whatever the news."""
    price = reference()
    price.lowest, price.highest = 10.0, 200_000.0
    for move in moves:
        price.hear(move)
        assert 10.0 <= price.price <= 200_000.0
        assert 10.0 <= price.fundamental <= 200_000.0
