"""The default market: the parameters of what :mod:`feed.sim.listing` lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs

from feed.model.contracts import Arbitrage, Link, Perpetual, Prediction, SignalRules
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Contract, Instrument
from feed.model.market import Factors, InstrumentSpec, MarketSpec
from feed.sim.listing import Line, altcoins, coins, currencies

_FIRST_VENUE: Final = "coinbase"


@attrs.frozen(kw_only=True)
class _Venue:
    """
    A further venue of every coin of the first venue.

    Attributes:
        name: Such as ``kraken``.
        quote: Quote currency of its pairs.
        spread: Typical spread, as a multiple of the first venue's.
        size: Typical order size, as a multiple of the first venue's.
        rate: Book updates a second, as a multiple of the first venue's.
        latency_ms: Least mean time until its participants see the first venue's value, milliseconds.
    """

    name: str
    quote: str
    spread: float
    size: float
    rate: float
    latency_ms: float


_VENUES: Final = (
    _Venue(name="binance", quote="USDT", spread=1.4, size=1.5, rate=0.3, latency_ms=60.0),
    _Venue(name="kraken", quote="USD", spread=2.0, size=0.4, rate=0.15, latency_ms=120.0),
)
# That time is at least this, milliseconds, divided by the book updates a second: looking up the value of a
# quiet pair costs as much as that of a busy one.
_LATENCY_MS: Final = 500.0

_MAJOR: Final = ("BTC", "ETH", "SOL")

# What returns have in common. The leading coins and currencies take the others with them.
_FACTORS: Final = {
    "BTC": Factors(coin=0.9, risk=0.15, leads=0.75),
    "ETH": Factors(coin=0.9, risk=0.15, leads=0.5),
    "SOL": Factors(coin=0.85, risk=0.15, leads=0.2),
    "EUR": Factors(dollar=-0.8, leads=0.6),
    "GBP": Factors(dollar=-0.7, risk=0.2, leads=0.3),
    "USD": Factors(dollar=0.65, risk=0.3, leads=0.3),
    "XAU": Factors(dollar=-0.4, risk=-0.2),
}
_COIN: Final = Factors(coin=0.8, risk=0.15)
# Where the makers' spread is more ticks than this, others quote inside of it: after this time in
# milliseconds, divided by the book updates a second.
_WIDE_TICKS: Final = 5
_INSIDE_MS: Final = 2000.0
# Perpetual futures: venue, base, book updates a second, tick, lot. Their venues trade no spot of the pair,
# so that an exchange and a pair name one book.
_PERPETUALS: Final = (
    ("bybit", "BTC", 25.0, "0.1", "0.001"),
    ("bybit", "ETH", 20.0, "0.01", "0.01"),
    ("bybit", "SOL", 15.0, "0.01", "0.1"),
    ("okx", "BTC", 15.0, "0.1", "0.0001"),
    ("okx", "ETH", 12.0, "0.01", "0.001"),
)
_TIMEFRAMES: Final = (("15M", 900), ("1H", 3600))  # seconds


def default_market(count: int | None = None) -> MarketSpec:
    """
    Currencies, gold and crypto, with parameters like those of the real markets.

    Args:
        count: How many instruments: the first of the default market, which are the currencies, metals and
            coins on one venue each, then synthetic ones. None for the whole default market: the coins on
            several venues, with perpetual futures and prediction markets on the major ones.
    """
    by_venue = tuple(coins())
    firsts = [_spec(lines[_FIRST_VENUE], quote="USD", venue=_FIRST_VENUE) for lines in by_venue]
    leading = (*(_currency(*it) for it in currencies()), *firsts)
    if count is not None:
        return MarketSpec(instruments=(*leading, *_synthetic(count - len(leading)))[:count])
    majors = {it.instrument.base: (it, lines) for it, lines in zip(firsts, by_venue, strict=True)}
    return MarketSpec(
        instruments=(
            *leading,
            *(
                _further(first, lines[venue.name], venue)
                for venue in _VENUES
                for first, lines in zip(firsts, by_venue, strict=True)
            ),
            *(_spec(line, quote="USDT", venue="binance") for line in altcoins()),
            *(_perpetual(*majors[line[1]], line) for line in _PERPETUALS),
            *(_prediction(majors[base][0], *timeframe) for base in _MAJOR for timeframe in _TIMEFRAMES),
        ),
        arbitrage=Arbitrage(),
        signals=SignalRules(),
    )


def bare_market(count: int | None = None) -> MarketSpec:
    """
    A market to be filled: synthetic instruments, default parameters, no arbitrage and no signals.

    Args:
        count: How many instruments; None for one.
    """
    return MarketSpec(instruments=tuple(_synthetic(count or 1)))


def _spec(
    line: Line, *, quote: str, venue: str, symbol: str = "", asset_class: str = "crypto"
) -> InstrumentSpec:
    """A line of the listing in whole ticks and lots."""
    price_decimals, tick = _step(line.tick)
    size_decimals, lot = _step(line.lot)
    wide = asset_class == "crypto" and line.spread / line.tick > _WIDE_TICKS
    return InstrumentSpec(
        instrument=Instrument(
            symbol=symbol or f"{line.base}-{quote}",
            base=line.base,
            quote=quote,
            price_decimals=price_decimals,
            tick=tick,
            size_decimals=size_decimals,
            lot=lot,
            asset_class=asset_class,
            venue=venue,
        ),
        price=round(line.price / line.tick),
        size=max(1, round(line.order / line.lot)),
        spread=max(1.0, float(line.spread / line.tick)),
        volatility=line.volatility,
        updates_per_second=line.rate,
        inside_ms=_INSIDE_MS / line.rate if wide else 0.0,
        factors=_FACTORS.get(line.base, _COIN),
    )


def _step(size: Decimal) -> tuple[int, int]:
    """Decimals of a tick or lot size, and the size in units of ``10 ** -decimals``."""
    decimals = max(0, -int(size.as_tuple().exponent))
    return decimals, int(size.scaleb(decimals))


def _currency(asset_class: str, quote: str, line: Line) -> InstrumentSpec:
    return _spec(line, quote=quote, venue="", symbol=line.base + quote, asset_class=asset_class)


def _further(first: InstrumentSpec, line: Line, venue: _Venue) -> InstrumentSpec:
    symbol = f"{line.base}-{venue.quote}"
    if venue.quote == first.instrument.quote:
        symbol += f"@{venue.name}"
    rate = line.rate * venue.rate
    scaled = attrs.evolve(
        line,
        spread=line.spread * Decimal(str(venue.spread)),
        order=line.order * Decimal(str(venue.size)),
        rate=rate,
    )
    return attrs.evolve(
        _spec(scaled, quote=venue.quote, venue=venue.name, symbol=symbol),
        link=Link(symbol=first.instrument.symbol, latency_ms=max(venue.latency_ms, _LATENCY_MS / rate)),
    )


def _perpetual(
    first: InstrumentSpec, lines: dict[str, Line], of: tuple[str, str, float, str, str]
) -> InstrumentSpec:
    venue, base, rate, tick, lot = of
    symbol = f"{base}-PERP"
    line = attrs.evolve(lines[_FIRST_VENUE], rate=rate, tick=Decimal(tick), lot=Decimal(lot))
    spec = _spec(
        line, quote="USD", venue=venue, symbol=symbol if venue == _PERPETUALS[0][0] else f"{symbol}@{venue}"
    )
    return attrs.evolve(
        spec,
        instrument=attrs.evolve(
            spec.instrument, contract=Contract.PERPETUAL, underlying=first.instrument.symbol
        ),
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


def _synthetic(count: int) -> Iterator[InstrumentSpec]:
    """Synthetic instruments, whose parameters derive from their number."""
    for n in range(count):
        base = "Q" + "".join(chr(ord("A") + n // 26**place % 26) for place in (2, 1, 0))
        price = 5_000 + n * 7_919 % 95_000
        yield InstrumentSpec(
            instrument=Instrument(
                symbol=f"{base}-USD", base=base, quote="USD", price_decimals=4, size_decimals=n % 3
            ),
            price=price,
            size=200 + n * 37 % 900,
            spread=2 + price * (5 + n * 31 % 7) // 10_000,
            volatility=1 + n * 13 % 20 / 10,
            updates_per_second=8 + n * 17 % 23,
        )
