"""No asset is made or lost, and nobody owes one, whatever accounts ask for."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from spot_conservation import Play

from feed.model.orders import SelfTrade
from feed.model.trading import OrderState


@settings(max_examples=8, deadline=None)
@given(rng=st.randoms(use_true_random=False), seed=st.integers(0, 5))
def test_assets_are_conserved_to_the_last_unit(rng, seed):
    """All requests of several accounts, with assets on three venues and on margin in the same books."""
    play = Play(seed, before=2)
    for _ in range(30):
        play.act(rng)
        play.check()


@settings(max_examples=4, deadline=None)
@given(rng=st.randoms(use_true_random=False), seed=st.integers(0, 5))
def test_assets_are_conserved_in_call_auctions(rng, seed):
    """Which may close an instrument, too."""
    play = Play(seed, before=2, auctions=True)
    for _ in range(30):
        play.act(rng)
        play.check()


def test_the_play_has_everything_in_it():
    """Every way an order stands, ends and is prevented comes up, so that what is checked is checked."""
    rng, play = random.Random(5), Play(5, before=60)
    for _ in range(1500):
        play.act(rng)
    play.check()
    states = {
        (OrderState.ACTIVE, "TRIGGERED"),
        (OrderState.UNTRIGGERED, "NONE"),
        (OrderState.FILLED, "NONE"),
        *(
            (OrderState.CANCELLED, reason)
            for reason in ("NONE", "UNFILLED", "EXPIRED", "TIMER", "SELF_TRADE")
        ),
    }
    assert {(state.name, reason) for state, reason in states} <= {*play.seen}
    answers = {"DUPLICATE", "NO_FUNDS", "NOT_ATTEMPTED", "NOT_TRADING", "WOULD_CROSS", "WOULD_TRIGGER"}
    assert {("answer", "CREATE", reason) for reason in answers} <= {*play.seen}
    assert sum(play.seen["self trade", mode.name] for mode in SelfTrade) > 3
