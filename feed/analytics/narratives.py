"""Sentences about pairs and signals, from templates with the figures of the market."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import Final

from feed.analytics.consolidated import Consolidated
from feed.analytics.depth import BookFigures, Wall
from feed.analytics.pairs import DOLLARS, exchange, pair_name
from feed.model.derivatives import RATE_ONE, FundingRate
from feed.model.events import Side
from feed.model.instruments import Instrument, Listing, decimal_text
from feed.model.signals import Signal, SignalType

# A price that has moved less than this goes sideways, basis points.
_STILL_BPS: Final = 10.0
_RALLY_BPS: Final = 100.0
_PRESSURE: Final = 0.1  # order book imbalance from which on one side presses
_THOUSAND: Final = 1_000
_UNITS: Final = ((_THOUSAND, "K"), (_THOUSAND**2, "M"), (_THOUSAND**3, "B"))
_HIGH_RATE: Final = RATE_ONE * 5 // 10_000  # 0.05 %


def of_pair(
    base: str,
    *,
    moved_bps: float,
    minutes: int,
    consolidated: Consolidated,
    first: Instrument,
    figures: BookFigures,
    funding: FundingRate | None,
) -> str:
    """
    A summary of a pair.

    Args:
        base: What is traded, such as ``BTC``.
        moved_bps: How far its price has gone, basis points.
        minutes: In how long.
        consolidated: Its venues together.
        first: The first of them.
        figures: The book there.
        funding: Of a perpetual future on it, where there is one.
    """
    obis = [venue.obi for venue in consolidated.venues]
    obi = round(fsum(obis) / len(obis), 2) + 0.0  # which is no negative zero
    pressure = "buying" if obi > 0 else "selling"
    strength = "strong" if abs(obi) >= _PRESSURE else "little"
    sentences = [
        f"{base} {_course(moved_bps)} in the past {_span(minutes)} with {strength} {pressure} pressure.",
        f"OBI at {_hundredths(obi)} across exchanges.",
    ]
    wall = max((*figures.bid_walls, *figures.ask_walls), key=_multiple, default=None)
    if wall is not None:
        below = wall in figures.bid_walls
        sentences.append(
            f"A significant {'bid' if below else 'ask'} wall at {price(first, wall.price)} "
            f"({size(first, wall.size)} {base}, {wall.multiple:.1f}x median) is "
            f"{'supporting price' if below else 'capping price'}."
        )
    if funding is not None:
        word = "normal" if abs(funding.rate) < _HIGH_RATE else "high"
        sentences.append(f"Funding rate {word} at {percent(funding.rate)}.")
    return " ".join(sentences)


def percent(rate: int) -> str:
    """A rate in units of 1e-8 in percent, to four digits: ``percent(10_000) == "0.01%"``."""
    return decimal(_nearest(rate * 100, RATE_ONE // 10_000), 4) + "%"


def dollars(cents: int) -> str:
    """An amount as people say it: ``$2.5M``, ``$168.0K``, ``$950``."""
    # Rounded to what is shown before it is asked whether a larger unit shows it better.
    if _nearest(cents, 100) < _THOUSAND:
        return f"${_nearest(cents, 100)}"
    shown = [(_nearest(cents, unit * 10), letter) for unit, letter in _UNITS]
    tenths, letter = next((it for it in shown if it[0] < 10 * _THOUSAND), shown[-1])
    return f"${tenths // 10}.{tenths % 10}{letter}"


def decimal(units: int, decimals: int) -> str:
    """``units * 10 ** -decimals`` with the digits it needs, thousands apart: ``64,186.5``."""
    whole, _, rest = decimal_text(abs(units), decimals).partition(".")
    rest = rest.rstrip("0")
    return f"{'-' if units < 0 else ''}{int(whole):,}{'.' if rest else ''}{rest}"


def price(instrument: Instrument, ticks: int) -> str:
    """A price as people write it: ``$67,000``, ``151.25 JPY``."""
    text = decimal(ticks * instrument.tick, instrument.price_decimals)
    return f"${text}" if instrument.quote in DOLLARS else f"{text} {instrument.quote}"


def size(instrument: Instrument, lots: int) -> str:
    """A size as people write it: ``45.2``."""
    return decimal(lots * instrument.lot, instrument.size_decimals)


def _nearest(number: int, by: int) -> int:
    """The nearest whole number to ``number / by``, halves up."""
    return (2 * number + by) // (2 * by)


def _hundredths(value: float, *, signed: bool = False) -> str:
    """Two digits after the point; nothing is ever minus zero."""
    text = f"{value:{'+' if signed else ''}.2f}"
    return "0.00" if not float(text) else text


def of_signal(signal: Signal, listing: Listing) -> str:
    """What a signal says, in one sentence."""
    instrument = listing[signal.instrument]
    return _SENTENCES[signal.type](signal.figures, instrument, listing)


def _course(moved_bps: float) -> str:
    if abs(moved_bps) < _STILL_BPS:
        return f"trading sideways ({_hundredths(moved_bps / 100, signed=True)}%)"
    up, down = ("rallying", "selling off") if abs(moved_bps) >= _RALLY_BPS else ("up", "down")
    return f"{up if moved_bps > 0 else down} {abs(moved_bps) / 100:.2f}%"


def _span(minutes: int) -> str:
    if minutes >= 60:
        return "hour"
    return "minute" if minutes == 1 else f"{minutes} minutes"


def _multiple(wall: Wall) -> float:
    return wall.multiple


Figures = dict[str, int]


def _where(instrument: Instrument) -> str:
    return exchange(instrument).capitalize()


def _whale(figures: Figures, instrument: Instrument, _: Listing) -> str:
    side = "sell" if figures["side"] else "buy"
    size = dollars(figures["value_cents"])
    return f"Whale {side} detected on {_where(instrument)}: {size} {instrument.base} market order"


def _cascade(figures: Figures, instrument: Instrument, _: Listing) -> str:
    whose = "long" if figures["side"] else "short"
    span = f"within {figures['window_ms'] / 1000:.1f}s" if figures["window_ms"] else "at once"
    return (
        f"{figures['count']} {whose} liquidations on {_where(instrument)} {span}: "
        f"{dollars(figures['value_cents'])} of {instrument.base} closed"
    )


def _funding(figures: Figures, instrument: Instrument, _: Listing) -> str:
    return (
        f"{pair_name(instrument)} funding on {_where(instrument)} heads for "
        f"{percent(figures['predicted_rate'])}, now {percent(figures['rate'])}"
    )


def _imbalance(figures: Figures, instrument: Instrument, _: Listing) -> str:
    side = "bid" if figures["imbalance_1e4"] > 0 else "ask"
    return (
        f"{pair_name(instrument)} book on {_where(instrument)} leans to the {side} side: "
        f"OBI {_hundredths(figures['imbalance_1e4'] / 10_000)} over 10 levels"
    )


def _spread(figures: Figures, instrument: Instrument, _: Listing) -> str:
    now, usual = (figures[name] / 10_000 for name in ("spread_bps_1e4", "median_spread_bps_1e4"))
    where = _where(instrument)
    return f"{pair_name(instrument)} spread on {where} at {now:.2f} bps, usually {usual:.2f}"


def _volume(figures: Figures, instrument: Instrument, _: Listing) -> str:
    return (
        f"{size(instrument, figures['volume_lots'])} {instrument.base} traded on {_where(instrument)} in "
        f"10s, {figures['multiple_hundredths'] / 100:.1f}x the usual"
    )


def _divergence(figures: Figures, instrument: Instrument, listing: Listing) -> str:
    buy, sell = listing[figures["buy_instrument"]], listing[figures["sell_instrument"]]
    return (
        f"{pair_name(instrument)} is {figures['gap_bps_1e4'] / 10_000:.2f} bps dearer on {_where(sell)} "
        f"than on {_where(buy)}"
    )


def _wall(verb: str) -> Callable[[Figures, Instrument, Listing], str]:
    def sentence(figures: Figures, instrument: Instrument, _: Listing) -> str:
        side = "Ask" if figures["side"] == Side.SELL else "Bid"
        return (
            f"{side} wall {verb} on {_where(instrument)} at {price(instrument, figures['price_ticks'])}: "
            f"{size(instrument, figures['size_lots'])} {instrument.base}, "
            f"{figures['multiple_hundredths'] / 100:.1f}x median"
        )

    return sentence


def _level(figures: Figures, instrument: Instrument, _: Listing) -> str:
    way = "above" if figures["upwards"] else "below"
    return (
        f"{pair_name(instrument)} broke {way} {price(instrument, figures['level_ticks'])} on "
        f"{_where(instrument)}"
    )


_SENTENCES: Final[dict[SignalType, Callable[[Figures, Instrument, Listing], str]]] = {
    SignalType.WHALE_MOVEMENT: _whale,
    SignalType.LIQUIDATION_CASCADE: _cascade,
    SignalType.FUNDING_SPIKE: _funding,
    SignalType.ORDERBOOK_IMBALANCE: _imbalance,
    SignalType.SPREAD_ANOMALY: _spread,
    SignalType.VOLUME_SPIKE: _volume,
    SignalType.CROSS_EXCHANGE_DIVERGENCE: _divergence,
    SignalType.WALL_APPEARANCE: _wall("appeared"),
    SignalType.WALL_REMOVAL: _wall("removed"),
    SignalType.PRICE_LEVEL_BREAK: _level,
}
