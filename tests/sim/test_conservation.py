"""Money is neither made nor lost, whatever accounts ask for."""

import random

from conservation import Play
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.model.statements import Cause
from feed.model.trading import OrderState


@settings(max_examples=30, deadline=None)
@given(rng=st.randoms(use_true_random=False), seed=st.integers(0, 5), deposit=st.sampled_from([100, 10_000]))
def test_money_is_conserved_to_the_last_unit(rng, seed, deposit):
    """All requests, on all products, of several accounts, with fees, funding and liquidations."""
    play = Play(seed, deposit=deposit, before=2)
    for _ in range(60):
        play.act(rng)
        play.check()


@settings(max_examples=6, deadline=None)
@given(rng=st.randoms(use_true_random=False), seed=st.integers(0, 5))
def test_money_is_conserved_in_call_auctions(rng, seed):
    """Orders wait for them, are changed and cancelled meanwhile, and trade with each other at one price."""
    play = Play(seed, before=2, auctions=True)
    for _ in range(50):
        play.act(rng)
        play.check()


def test_the_play_has_everything_in_it():
    """Every state of an order and every cause of a balance comes up, so that what is checked is checked."""
    rng, play = random.Random(2), Play(2, deposit=1000, before=60)
    for _ in range(4000):
        play.act(rng)
    play.check()
    assert {*play.states} == {*OrderState} - {OrderState.FILLED}
    assert {*play.causes} == {*Cause}
