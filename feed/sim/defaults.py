"""The default market."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from feed.model.contracts import Arbitrage, Link, Perpetual, Prediction, SignalRules
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Contract, Instrument
from feed.model.market import InstrumentSpec, MarketSpec

# Asset class, base, quote, decimals of price and size, opening price in ticks, typical order in
# lots, typical spread in ticks, volatility in basis points over one second, book updates a second.
_Line = tuple[str, str, str, int, int, int, int, float, float, float]

_KNOWN: Final[tuple[_Line, ...]] = (
    ("fx", "EUR", "USD", 5, 2, 108_500, 100, 6, 0.25, 60),
    ("fx", "GBP", "USD", 5, 2, 127_200, 100, 8, 0.30, 50),
    ("fx", "USD", "JPY", 3, 2, 151_400, 100, 8, 0.28, 55),
    ("metal", "XAU", "USD", 2, 2, 232_500, 100, 24, 0.45, 50),
    ("crypto", "BTC", "USD", 2, 4, 6_425_000, 2_500, 650, 0.8, 55),
    ("crypto", "ETH", "USD", 2, 3, 318_000, 4_000, 44, 1.1, 60),
    ("crypto", "SOL", "USD", 2, 2, 14_800, 6_000, 4, 2.0, 55),
    ("crypto", "XRP", "USD", 4, 0, 5_900, 2_500, 3, 2.2, 45),
    ("crypto", "ADA", "USD", 4, 0, 4_500, 3_000, 3, 2.6, 40),
    ("crypto", "DOGE", "USD", 5, 0, 15_200, 9_000, 8, 2.2, 40),
    ("crypto", "LTC", "USD", 2, 3, 8_200, 12_000, 4, 1.9, 35),
    ("crypto", "LINK", "USD", 3, 1, 14_350, 700, 8, 2.0, 35),
)


_MAJOR: Final = ("BTC", "ETH", "SOL")
_FIRST_VENUE: Final = "binance"
# Further venues of the major pairs: spread and size as multiples of the first venue's, latency in
# milliseconds, book updates a second.
_VENUES: Final = (("coinbase", 1.2, 0.7, 60.0, 15.0), ("kraken", 1.6, 0.4, 120.0, 10.0))
# Perpetual futures: venue, base, book updates a second. Their venues trade no spot of the pair, so that
# an exchange and a pair name one book.
_PERPETUALS: Final = (
    ("bybit", "BTC", 25.0),
    ("bybit", "ETH", 20.0),
    ("bybit", "SOL", 15.0),
    ("okx", "BTC", 15.0),
    ("okx", "ETH", 12.0),
)
_TIMEFRAMES: Final = (("15M", 900), ("1H", 3600))  # seconds


def default_market(count: int | None = None) -> MarketSpec:
    """
    Currencies, gold and crypto, with parameters like those of the real markets.

    Args:
        count: How many instruments: the first currencies, metals and coins of the default market,
            then synthetic ones, each on one venue. None for the whole default market: the major
            coins on several venues, with perpetual futures and prediction markets on them.
    """
    if count is not None:
        lines = [*_KNOWN, *_synthetic(count - len(_KNOWN))][:count]
        return MarketSpec(instruments=tuple(_spec(line) for line in lines))
    first = {line[1]: _at(_spec(line), _FIRST_VENUE) for line in _KNOWN}
    return MarketSpec(
        instruments=(
            *first.values(),
            *(_venue(first[base], venue) for base in _MAJOR for venue in _VENUES),
            *(_perpetual(first[base], venue, rate) for venue, base, rate in _PERPETUALS),
            *(_prediction(first[base], *timeframe) for base in _MAJOR for timeframe in _TIMEFRAMES),
        ),
        arbitrage=Arbitrage(),
        signals=SignalRules(),
    )


def _at(spec: InstrumentSpec, venue: str) -> InstrumentSpec:
    """The same with a venue, if it is crypto."""
    if spec.instrument.asset_class != "crypto":
        return spec
    return attrs.evolve(spec, instrument=attrs.evolve(spec.instrument, venue=venue))


def _venue(first: InstrumentSpec, line: tuple[str, float, float, float, float]) -> InstrumentSpec:
    venue, spread, size, latency_ms, rate = line
    symbol = first.instrument.symbol
    return attrs.evolve(
        first,
        instrument=attrs.evolve(first.instrument, symbol=f"{symbol}@{venue}", venue=venue),
        spread=first.spread * spread,
        size=max(1, int(first.size * size)),
        updates_per_second=rate,
        link=Link(symbol=symbol, latency_ms=latency_ms),
    )


def _perpetual(first: InstrumentSpec, venue: str, rate: float) -> InstrumentSpec:
    symbol = f"{first.instrument.base}-PERP"
    return attrs.evolve(
        first,
        instrument=attrs.evolve(
            first.instrument,
            symbol=symbol if venue == _PERPETUALS[0][0] else f"{symbol}@{venue}",
            venue=venue,
            contract=Contract.PERPETUAL,
            underlying=first.instrument.symbol,
        ),
        updates_per_second=rate,
        perpetual=Perpetual(symbol=first.instrument.symbol),
    )


def _prediction(first: InstrumentSpec, timeframe: str, seconds: int) -> InstrumentSpec:
    base = first.instrument.base
    return InstrumentSpec(
        instrument=Instrument(
            symbol=f"{base}-UP-{timeframe}",
            base=base,
            quote="USD",
            price_decimals=3,
            size_decimals=2,
            venue="polymarket",
            contract=Contract.PREDICTION,
            underlying=first.instrument.symbol,
            timeframe=seconds * NS_PER_SECOND,
        ),
        price=500,
        size=20_000,
        spread=20,
        volatility=150.0,
        updates_per_second=2.0,
        prediction=Prediction(symbol=first.instrument.symbol),
    )


def _spec(line: _Line) -> InstrumentSpec:
    asset_class, base, quote, price_decimals, size_decimals, price, size, spread, volatility, rate = line
    return InstrumentSpec(
        instrument=Instrument(
            symbol=f"{base}-{quote}" if asset_class == "crypto" else base + quote,
            base=base,
            quote=quote,
            price_decimals=price_decimals,
            size_decimals=size_decimals,
            asset_class=asset_class,
        ),
        price=price,
        size=size,
        spread=spread,
        volatility=volatility,
        updates_per_second=rate,
    )


def _synthetic(count: int) -> Iterator[_Line]:
    """Synthetic instruments, whose parameters derive from their number."""
    for n in range(count):
        base = "Q" + "".join(chr(ord("A") + n // 26**place % 26) for place in (2, 1, 0))
        price, size = 5_000 + n * 7_919 % 95_000, 200 + n * 37 % 900
        spread = 2 + price * (5 + n * 31 % 7) // 10_000
        yield "crypto", base, "USD", 4, n % 3, price, size, spread, 1 + n * 13 % 20 / 10, 8 + n * 17 % 23
