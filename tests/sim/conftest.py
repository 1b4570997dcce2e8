from __future__ import annotations

import pytest

from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND


@pytest.fixture
def open_market():
    """Opens the first ``count`` instruments of the default market, past their opening rows."""

    def open_market(count=2, *, seed=1, spec=None):
        market = Market(spec or default_market(count), seed=seed, start=START)
        market.opening()
        return market

    return open_market
