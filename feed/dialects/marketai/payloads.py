"""
What the document's ``data`` objects hold, one function for each kind.

Types are the document's: a string where it has a string, a number where it has a number. Numbers are
written in plain decimals, never as ``1e-05``.

Source: section "Channels" of the document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from feed.analytics.consolidated import Consolidated
from feed.analytics.depth import BookFigures, Wall
from feed.analytics.narratives import of_signal
from feed.analytics.pairs import exchange, pair_name
from feed.analytics.signals.finding import value_cents
from feed.dialects.numbers import number
from feed.dialects.times import milliseconds
from feed.model.candles import Candle
from feed.model.derivatives import RATE_DECIMALS, FundingRate, Round
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Side, Trade
from feed.model.instruments import Instrument, Listing, decimal_text
from feed.model.signals import Signal, SignalType

Fields = dict[str, Any]

_SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell", None: None}
_CENTS: Final = 2


def quote(pair: str, it: Consolidated, listing: Listing) -> Fields:
    """A pair over all its venues."""
    return {
        "symbol": pair,
        "global_mid": decimal_text(it.mid, it.decimals),
        "global_vwap": decimal_text(it.vwap, it.decimals),
        "max_arb_bps": it.max_arb_bps,
        "consensus_trend": it.trend.value,
        "exchanges": [
            {
                "exchange": exchange(listing[venue.instrument]),
                "bid": listing[venue.instrument].price_text(venue.bid),
                "ask": listing[venue.instrument].price_text(venue.ask),
                "mid": mid_text(listing[venue.instrument], venue.bid + venue.ask),
                "volume_24h": listing[venue.instrument].size_text(venue.volume),
                "obi": venue.obi,
            }
            for venue in it.venues
        ],
    }


def mid_text(instrument: Instrument, mid2: int) -> str:
    """Half of ``mid2`` ticks, exactly: with one digit more than a price where it falls between two."""
    units = mid2 * instrument.tick
    if units % 2:
        return decimal_text(units * 5, instrument.price_decimals + 1)
    return decimal_text(units // 2, instrument.price_decimals)


def book(instrument: Instrument, it: BookFigures) -> Fields:
    """A book in figures, without its levels."""
    return {
        "symbol": pair_name(instrument),
        "exchange": exchange(instrument),
        "best_bid": instrument.price_text(it.bid),
        "best_ask": instrument.price_text(it.ask),
        "mid_price": mid_text(instrument, it.mid2),
        "spread_bps": it.spread_bps,
        "obi_5": it.obi_5,
        "obi_10": it.obi_10,
        "bid_depth_1pct": instrument.size_text(it.bid_depth),
        "ask_depth_1pct": instrument.size_text(it.ask_depth),
        "bid_walls": [_wall(instrument, wall) for wall in it.bid_walls],
        "ask_walls": [_wall(instrument, wall) for wall in it.ask_walls],
    }


def _wall(instrument: Instrument, wall: Wall) -> Fields:
    return {
        "price": instrument.price_text(wall.price),
        "quantity": instrument.size_text(wall.size),
        "multiple_of_median": wall.multiple,
    }


def trade(instrument: Instrument, it: Trade, *, liquidation: bool) -> Fields:
    """A trade, of whatever market."""
    return {
        "exchange": exchange(instrument),
        "symbol": pair_name(instrument),
        "price": instrument.price_text(it.price),
        "quantity": instrument.size_text(it.size),
        "side": _SIDES[it.aggressor],
        "timestamp": milliseconds(it.ts),
        "trade_id": f"t{it.trade}",
        "is_liquidation": liquidation,
    }


def liquidation(instrument: Instrument, it: Trade) -> Fields:
    """A trade by which a position was closed for its trader."""
    return {
        "exchange": exchange(instrument),
        "symbol": pair_name(instrument),
        "side": _SIDES[it.aggressor],
        "price": instrument.price_text(it.price),
        "quantity": instrument.size_text(it.size),
        "timestamp": milliseconds(it.ts),
        "notional_usd": decimal_text(value_cents(instrument, it.price * it.size), _CENTS),
    }


def funding(instrument: Instrument, it: FundingRate) -> Fields:
    """The rate of a perpetual future."""
    return {
        "exchange": exchange(instrument),
        "symbol": pair_name(instrument),
        "rate": number(it.rate, RATE_DECIMALS),
        "next_funding_time": milliseconds(it.next_time),
        "predicted_rate": number(it.predicted, RATE_DECIMALS),
    }


def kline(instrument: Instrument, interval: str, length: int, it: Candle, *, closed: bool) -> Fields:
    """
    A kline.

    Args:
        instrument: Whose trades.
        interval: Its name.
        length: Of the interval, nanoseconds.
        it: The trades in five numbers.
        closed: Whether the interval is over.
    """
    return {
        "exchange": exchange(instrument),
        "symbol": pair_name(instrument),
        "interval": interval,
        "open": instrument.price_text(it.open),
        "high": instrument.price_text(it.high),
        "low": instrument.price_text(it.low),
        "close": instrument.price_text(it.close),
        "volume": instrument.size_text(it.volume),
        "open_time": milliseconds(it.start),
        "close_time": milliseconds(it.start + length),
        "is_closed": closed,
    }


def prediction(
    instrument: Instrument, it: Round, *, up: int, volume: int, liquidity: int, now: int, active: bool
) -> Fields:
    """
    A round of a prediction market.

    Args:
        instrument: The contract that pays 1 for "up".
        it: The round.
        up: What it is worth, integer ticks.
        volume: Contracts traded in 24 hours, integer lots; each can pay a dollar.
        liquidity: Contracts that rest in the book, integer lots.
        now: Market time, nanoseconds.
        active: Whether it is traded, and not over.
    """
    most = (instrument.highest or 0) + 1
    return {
        "coin": instrument.base,
        "timeframe": timeframe(instrument),
        "upPrice": instrument.price_text(up),
        "downPrice": instrument.price_text(most - up),
        "volume": instrument.size_text(volume),
        "liquidity": instrument.size_text(liquidity),
        "timeRemainingSeconds": max(0, -((now - it.closes) // NS_PER_SECOND)),
        "active": active,
    }


def timeframe(instrument: Instrument) -> str:
    """Length of a prediction market's rounds, such as ``1h`` or ``15m``."""
    minutes = instrument.timeframe // NS_PER_MINUTE
    return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"


def signal(it: Signal, listing: Listing) -> Fields:
    """Something that an observer points out."""
    instrument = listing[it.instrument]
    return {
        "id": f"sig_{it.number}",
        "signal_type": it.type.label,
        "symbol": pair_name(instrument),
        "severity": it.severity.name.lower(),
        "data": _signal_data(it, listing),
        "timestamp": milliseconds(it.ts),
        "narrative": of_signal(it, listing),
    }


def _signal_data(it: Signal, listing: Listing) -> Fields:
    instrument, figures = listing[it.instrument], it.figures
    if it.type is SignalType.CROSS_EXCHANGE_DIVERGENCE:
        return {
            "buy_exchange": exchange(listing[figures["buy_instrument"]]),
            "sell_exchange": exchange(listing[figures["sell_instrument"]]),
            "spread_bps": number(figures["gap_bps_1e4"], 4),
        }
    found: Fields = {"exchange": exchange(instrument)}
    renamed = _RENAMED.get(it.type, {})
    for name, value in figures.items():
        key, shown = _FIGURES[name]
        found[renamed.get(key, key)] = shown(instrument, value)
    return found


def _decimal(decimals: int) -> Callable[[Instrument, int], object]:
    return lambda _, value: number(value, decimals)


# Figures of signals by name: what clients know them as, and in which form.
_FIGURES: Final[dict[str, tuple[str, Callable[[Instrument, int], object]]]] = {
    "value_cents": ("total_usd", _decimal(_CENTS)),
    "depth_cents": ("depth_usd", _decimal(_CENTS)),
    "side": ("side", lambda _, value: _SIDES[Side(value)]),
    "count": ("count", lambda _, value: value),
    "window_ms": ("window_ms", lambda _, value: value),
    "rate": ("rate", _decimal(RATE_DECIMALS)),
    "predicted_rate": ("predicted_rate", _decimal(RATE_DECIMALS)),
    "previous_rate": ("previous_rate", _decimal(RATE_DECIMALS)),
    "z_hundredths": ("z_score", _decimal(2)),
    "imbalance_1e4": ("obi_10", _decimal(4)),
    "spread_bps_1e4": ("spread_bps", _decimal(4)),
    "median_spread_bps_1e4": ("median_spread_bps", _decimal(4)),
    "volume_lots": ("volume", Instrument.size_text),
    "baseline_lots": ("baseline", Instrument.size_text),
    "multiple_hundredths": ("multiple_of_median", _decimal(2)),
    "price_ticks": ("price", Instrument.price_text),
    "level_ticks": ("level", Instrument.price_text),
    "size_lots": ("quantity", Instrument.size_text),
    "upwards": ("direction", lambda _, value: "up" if value else "down"),
}
_RENAMED: Final[dict[SignalType, dict[str, str]]] = {
    SignalType.WHALE_MOVEMENT: {"total_usd": "size_usd"},
    SignalType.VOLUME_SPIKE: {"multiple_of_median": "multiple"},
}
