"""Instruments of the default market, by their symbols."""

import attrs

from feed.sim.defaults import default_market

DEFAULT = {item.instrument.symbol: item for item in default_market().instruments}


def listed(*symbols):
    """The specifications of instruments of the default market."""
    return tuple(DEFAULT[symbol] for symbol in symbols)


def in_round_lots(spec, digits=4):
    """
    The same in lots of at least a ten thousandth, so that a test can write sizes by hand.

    Nobody quotes inside the makers' spread, so that there is room for a test's own prices.
    """
    finer = 10 ** max(0, spec.instrument.size_decimals - digits)
    instrument = attrs.evolve(spec.instrument, size_decimals=min(digits, spec.instrument.size_decimals))
    return attrs.evolve(spec, size=spec.size // finer, instrument=instrument, inside_ms=0.0)


def round_lots(*symbols):
    """Instruments of the default market, each :func:`in_round_lots`."""
    return tuple(in_round_lots(spec) for spec in listed(*symbols))


def in_steps_of(spec, other):
    """The same, counted in the ticks and lots of another instrument."""
    ticks, lots = (
        getattr(spec.instrument, size) / getattr(other.instrument, size) for size in ("tick_size", "lot_size")
    )
    steps = {
        name: getattr(other.instrument, name) for name in ("price_decimals", "tick", "size_decimals", "lot")
    }
    return attrs.evolve(
        spec,
        price=int(spec.price * ticks),
        spread=spec.spread * float(ticks),
        size=int(spec.size * lots),
        inside_ms=0.0,
        instrument=attrs.evolve(spec.instrument, **steps),
    )


def coins_and_a_future():
    """BTC-USD, ETH-USD and BTC-PERP, in cents and ten thousandths of a coin."""
    bitcoin, ether = round_lots("BTC-USD", "ETH-USD")
    return bitcoin, ether, in_steps_of(DEFAULT["BTC-PERP"], bitcoin)
