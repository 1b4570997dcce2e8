"""A market of one instrument, without regimes: what it does in the mean is what its specification says."""

from feed.model.instruments import Instrument
from feed.model.market import InstrumentSpec, MarketSpec, Regimes
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND
BOOK = InstrumentSpec(
    instrument=Instrument(symbol="ABC-USD", base="ABC", quote="USD", price_decimals=2, size_decimals=2),
    price=100_000,
    spread=3,
    volatility=0.5,
    size=1000,
    updates_per_second=60,
)
STEADY = Regimes(components=0, daily=False)
PLAIN = MarketSpec(instruments=(BOOK,), regimes=STEADY)


def opened(spec=PLAIN, seed=1):
    """A market past its opening rows."""
    market = Market(spec, seed=seed, start=START)
    market.opening()
    return market
