"""A market that is written as a file is read again as it was."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.market import Makers
from feed.scenario.market_writer import market_text
from feed.scenario.reader import parse_scenario
from feed.server.run_spec import MARKETS, parsed
from feed.sim.defaults import bare_market, default_market

START = 1_709_735_400_123_456_789
SPAN = 3_600_000_000_000


def text(market, about="What it is for.", **rest):
    return market_text(market, name="fitted", about=about, seed=7, start=START, duration=SPAN, **rest)


@pytest.mark.parametrize("market", [default_market(), default_market(3), bare_market(2)])
def test_it_is_read_as_it_was(market):
    """With derivatives, links, arbitrage and signals, and without."""
    scenario = parsed(text(market), name="fitted.toml")
    assert scenario.market == market
    assert (scenario.name, scenario.seed, scenario.duration) == ("fitted", 7, SPAN)


def test_every_group_of_parameters_is_written():
    """Where it is not the default one; and no other."""
    market = attrs.evolve(bare_market(), makers=Makers(count=2))
    assert parsed(text(market), name="fitted.toml").market == market
    assert text(market).count("[market.") == 1 + text(market).count("[[market.")


def test_remarks_stand_before_their_instrument():
    """As comments."""
    lines = text(bare_market(2), remarks={"QAAB-USD": ["One.", "Two."]}).splitlines()
    at = lines.index('symbol = "QAAB-USD"')
    assert lines[at - 3 : at] == ["# One.", "# Two.", "[[market.instruments]]"]


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=300))
def test_any_text_can_be_what_it_is_for(about):
    """Quotes and backslashes among it."""
    assert parse_scenario(text(bare_market(), about), MARKETS, name="x").about.strip() == about


def test_a_market_to_be_filled_has_as_many_instruments_as_are_asked_for():
    """One, if nobody asks."""
    assert len(bare_market().instruments) == 1
    assert len(bare_market(5).instruments) == 5
