"""
What the figures of real markets are, and where a simulated one should be.

Keys are those of :class:`feed.analytics.market_facts.Fact`. Sources of the real values:

A. Coinbase, ten products, 30 s of 2021-04-17 by the exchange's clock: 9,719 updates of price levels, 97
   prints, a raw capture published with the cryptofeed project. Ranges over products.
B. BitMEX, seven perpetual futures, Bybit, two, and Binance futures, four, 30 s of 2021-04-17, of the same
   project. Ranges over contracts; BTC is BitMEX's, whose tick is half a dollar.
C. E-mini S&P 500 futures, order by order, December 2023 (CME Globex MDP 3.0 through Databento).
D. BTC-USDT, candles of one minute, 2022.
E. Many orders of one account ("metaorders") in many markets: B. Toth and others, "Anomalous price impact and
   the critical nature of liquidity in financial markets", Physical Review X 1 (2011), 021006; J. D. Farmer,
   A. Gerig, F. Lillo and H. Waelbroeck, "How efficiency shapes market impact", Quantitative Finance 13
   (2013), 1743-1758: a square root, of which two thirds stay.
"""

from __future__ import annotations

import math
from typing import Final

import attrs

from feed.analytics.stylized_facts import Estimate


@attrs.frozen
class Reference:
    """
    Where a figure should be.

    Attributes:
        least: Bound of the aim, inclusive.
        most: Bound of the aim, inclusive.
        real: The real value, as text.
        source: Letter of the source, as above.
        points: The real value as a number, for the pictures; None where it is a range.
        only: Instruments that the aim is for, by the beginning of their symbols; empty for all.
    """

    least: float
    most: float
    real: str = ""
    source: str = ""
    points: float | None = None
    only: tuple[str, ...] = ()

    def judge(self, found: Estimate) -> str:
        """``ok`` where the mean is within the aim, ``near`` where its interval reaches it, else ``OFF``."""
        if math.isnan(found.mean):
            return ""
        if self.least <= found.mean <= self.most:
            return "ok"
        half = 0.0 if math.isnan(found.half_width) else found.half_width
        return "near" if self.least <= found.mean + half and found.mean - half <= self.most else "OFF"

    @property
    def aim(self) -> str:
        """The aim as text."""
        if math.isinf(self.least):
            return f"<= {self.most:g}"
        if math.isinf(self.most):
            return f">= {self.least:g}"
        return f"{self.least:g} .. {self.most:g}" if self.least != self.most else f"{self.least:g}"


def _signs(lag: int, real: float, of: str = "taker orders") -> tuple[str, Reference]:
    within = round(real * 2 / 3, 3), round(real * 4 / 3, 3)
    return (
        f"autocorrelation of signs, {of}, lag {lag}",
        Reference(*within, f"{real:g}", "C", real),
    )


def _memory(lag: int, real: float) -> tuple[str, Reference]:
    return (
        f"autocorrelation of |returns|, mid, 1 min, lag {lag}",
        Reference(0.02, 0.6, f"{real:g} (trades)", "D", real),
    )


def _ratio(seconds: str) -> tuple[str, Reference]:
    return (
        f"variance ratio to 0.1 s, mid, {seconds} s",
        Reference(0.6, 1.05, "flat or falling", "A"),
    )


_COINS = ("BTC", "ETH", "SOL")

REFERENCES: Final = dict(
    [
        ("variation of waiting times, book updates", Reference(1.5, 2.3, "1.5-2.3", "A")),
        ("within 1 ms of the last, %, book updates", Reference(11, 27, "11-27", "A")),
        ("variance over mean of counts, book updates, 1 s", Reference(5, 30, "5-30", "A")),
        ("for each taker order, book updates", Reference(50, 190, "50-190", "A")),
        ("change the best price, %, book updates", Reference(2, 30, "3.5-29", "A")),
        ("variation of waiting times, taker orders", Reference(2, 3, "2.35", "C", 2.35)),
        ("within 1 ms of the last, %, taker orders", Reference(25, 50, "45", "C", 45)),
        ("variance over mean of counts, taker orders, 1 s", Reference(4, 10, "6.9", "C", 6.9)),
        *(_signs(lag, real) for lag, real in ((1, 0.40), (2, 0.27), (5, 0.11), (10, 0.08), (20, 0.06))),
        (
            "response of the mid against size, exponent, taker orders, 1 s",
            Reference(0.4, 0.7, "about 0.5", "E", 0.5),
        ),
        ("excess kurtosis of returns, mid, 1 min", Reference(8, math.inf, "19-23 (trades)", "D", 21)),
        *(_memory(lag, real) for lag, real in ((1, 0.33), (5, 0.25), (20, 0.21), (60, 0.18))),
        ("drift, standard deviations of a walk, mid, all", Reference(-2, 2, "0", "", 0)),
        ("autocorrelation of returns, mid, 1 s, lag 1", Reference(-0.3, 0, "<= 0", "A", 0)),
        *(_ratio(seconds) for seconds in ("0.5", "1", "5", "10", "30", "60", "300")),
        ("spread, ticks, book, 50 % of time", Reference(1, 5, "1; 1-5", "B", only=_COINS)),
        (
            "depth, sizes of the best price, book, 10 bps",
            Reference(0.5, 80, "BTC 5.1; 0-76", "B", only=_COINS),
        ),
        (
            "depth, sizes of the best price, book, 50 bps",
            Reference(4, 300, "BTC 23; 1.4-918", "B", only=_COINS),
        ),
        (
            "depth, sizes of the best price, book, 200 bps",
            Reference(20, 900, "BTC 47; 28-240 [A]", "B", only=_COINS),
        ),
        ("depth within 200 bps beside 50 bps, book", Reference(1.5, 15, "BTC 2.1; 2.5-10 [A]", "B")),
        ("a side is empty, % of time, book", Reference(0, 0, "0", "A")),
        (
            "busiest hour of the day beside the quietest, taker orders, 1 h",
            Reference(1.8, 3.1, "1.8-3.1", "D"),
        ),
        ("correlation with ETH-USD, mid, 1 min", Reference(0.7, 0.9, "0.7-0.9", "D", only=("BTC",))),
        ("correlation with EURUSD, mid, 1 min", Reference(-0.15, 0.15, "about 0", "", only=_COINS)),
        ("impact at the end of the order, exponent, metaorders", Reference(0.4, 0.7, "0.5", "E", 0.5)),
        ("impact ten minutes later, exponent, metaorders", Reference(0.4, 0.7, "0.5", "E", 0.5)),
        ("cost of a round trip, ticks a lot", Reference(0, math.inf)),
        ("share of the impact that stays, metaorders", Reference(0.5, 0.85, "2/3", "E", 0.667)),
    ]
)
"""The aims, and what they are taken from."""

SOURCES: Final = {
    "A": "Coinbase, ten products, 30 s of 2021-04-17, exchange's clock (capture published with cryptofeed)",
    "B": "BitMEX, Bybit and Binance futures, 13 contracts, 30 s of 2021-04-17 (captures of cryptofeed)",
    "C": "E-mini S&P 500 futures order by order, December 2023 (CME Globex, Databento)",
    "D": "BTC-USDT, candles of one minute, 2022",
    "E": "Toth and others, Phys. Rev. X 1 (2011) 021006; Farmer and others, Quant. Finance 13 (2013) 1743",
}
"""The same sources, in a line each."""


def reference(key: str, symbol: str) -> Reference | None:
    """The aim of a figure of an instrument; None where there is none."""
    found = REFERENCES.get(key)
    return found if found is None or not found.only or symbol.startswith(found.only) else None
