"""An instrument may have an order flow and a deep book of its own."""

import attrs
import pytest

from feed.model.market import DeepBook, Takers
from feed.scenario.market_writer import market_text
from feed.server.run_spec import parsed
from feed.sim.defaults import bare_market
from feed.sim.market import Market

SECOND = 1_000_000_000
MARKET = bare_market()
OTHERS = {"takers": Takers(updates=10.0, size=0.5), "deep": DeepBook(orders=4)}


def rows(market):
    run = Market(market, seed=3, start=0)
    return run.opening() + run.advance(20 * SECOND)


@pytest.mark.parametrize("name", OTHERS)
def test_they_come_in_place_of_the_market_s(name):
    """The same rows as of a market in which all instruments have them; without, those of the market."""
    of_market = attrs.evolve(MARKET, **{name: OTHERS[name]})
    [item] = MARKET.instruments
    own = attrs.evolve(MARKET, instruments=(attrs.evolve(item, **{name: OTHERS[name]}),))
    assert rows(own) == rows(of_market) != rows(MARKET)


def test_the_market_s_stay_for_the_others():
    """What one instrument has of its own does not concern another."""
    first, second = bare_market(2).instruments
    market = attrs.evolve(MARKET, instruments=(attrs.evolve(first, **OTHERS), second))
    assert market.of(second).takers == market.takers
    assert market.of(market.instruments[0]).takers == OTHERS["takers"]


def test_they_are_written_and_read():
    """As tables of the instrument, in a scenario file."""
    [item] = MARKET.instruments
    market = attrs.evolve(MARKET, instruments=(attrs.evolve(item, **OTHERS),))
    text = market_text(market, name="own", about="Own.", seed=1, start=0, duration=SECOND)
    assert "[market.instruments.takers]\nupdates = 10.0\nsize = 0.5\n" in text
    assert parsed(text, name="own.toml").market == market
