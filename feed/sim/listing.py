"""
The instruments of the default market, with tick and lot sizes.

Each crypto venue has at least thirty pairs with the tick and lot sizes of the real one:

- ``coinbase``, quoted in USD: ``BTC-USD``. The other venues of a coin follow its value here.
- ``kraken``, quoted in USD: ``BTC-USD@kraken``.
- ``binance``, quoted in USDT: ``BTC-USDT``; it lists further coins that the others do not.

Perpetual futures, at ``bybit`` and ``okx``, are in :mod:`feed.sim.defaults`.

Tick and lot sizes are what the venues publish at Coinbase ``GET /products`` (``quote_increment``,
``base_increment``), Kraken ``GET /0/public/AssetPairs`` (``tick_size``, ``lot_decimals``), Binance
``GET /api/v3/exchangeInfo`` (``tickSize``, ``stepSize``), Bybit ``GET /v5/market/instruments-info``
(``tickSize``, ``qtyStep``) and OKX ``GET /api/v5/public/instruments`` (``tickSz``, ``lotSz`` times
``ctVal``): those of about 2025 as remembered, not a copy of an answer. Venues change them now and then.
Prices are about those of the middle of 2024.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Line:
    """
    One instrument on one venue, in its base and quote currencies.

    Attributes:
        base: Base currency, such as ``BTC``.
        price: At the opening.
        spread: Typical distance between the quotes of the tightest maker.
        order: Typical size of a maker's quote.
        volatility: Typical size of a return over one second, basis points.
        rate: Book updates a second.
        tick: Tick size.
        lot: Lot size.
    """

    base: str
    price: Decimal
    spread: Decimal
    order: Decimal
    volatility: float
    rate: float
    tick: Decimal
    lot: Decimal


# Asset class and quote; then base, price, spread, order, volatility, rate, tick and lot.
_CURRENCIES: Final = """
fx     USD  EUR  1.085  0.00006  1  0.25  60  0.00001  0.01
fx     USD  GBP  1.272  0.00008  1  0.30  50  0.00001  0.01
fx     JPY  USD  151.4  0.008    1  0.28  55  0.001    0.01
metal  USD  XAU  2325   0.24     1  0.45  50  0.01     0.01
"""

# The busiest first: base, price, spread, order, volatility and rate, in US dollars at coinbase; then tick
# and lot there, at kraken, and at binance.
_COINS: Final = """
BTC  64250      1.6        0.25     0.8 55  0.01       0.00000001 0.1         0.00000001 0.01       0.00001
ETH  3180       0.11       4        1.1 60  0.01       0.00000001 0.01        0.00000001 0.01       0.0001
SOL  148        0.015      60       1.6 40  0.01       0.00000001 0.01        0.00000001 0.01       0.001
XRP  0.5946     0.00012    2500     1.5 20  0.0001     0.000001   0.00001     0.00000001 0.0001     0.1
DOGE 0.1546     0.000023   9000     1.5 14  0.00001    0.1        0.0000001   0.00000001 0.00001    1
ADA  0.4546     0.0001     3000     1.5 12  0.0001     0.00000001 0.000001    0.00000001 0.0001     0.1
LINK 14.35      0.0029     70       1.3 10  0.001      0.01       0.00001     0.00000001 0.01       0.01
LTC  82.46      0.016      12       1.3 9   0.01       0.00000001 0.01        0.00000001 0.01       0.001
AVAX 28.5       0.01       35       1.3 6   0.01       0.00000001 0.01        0.00000001 0.01       0.01
SHIB 0.00001746 0.00000001 40000000 1.3 5.5 0.00000001 1          0.00000001  0.00001    0.00000001 1
DOT  6.246      0.0019     150      1.2 5   0.001      0.00000001 0.0001      0.00000001 0.001      0.01
BCH  394.6      0.12       2.5      1.2 5   0.01       0.00000001 0.01        0.00000001 0.1        0.001
UNI  9.146      0.0027     100      1.3 4.5 0.001      0.000001   0.001       0.00000001 0.001      0.01
PEPE 0.00001170 0.00000001 70000000 1.3 4.5 0.00000001 1          0.000000001 0.00001    0.00000001 1
NEAR 5.346      0.0016     170      1.3 4   0.001      0.001      0.001       0.00000001 0.001      0.1
SUI  0.9546     0.00029    900      1.4 4   0.0001     0.1        0.0001      0.00000001 0.0001     0.1
AAVE 95.46      0.029      9        1.2 3.5 0.01       0.001      0.01        0.00000001 0.01       0.001
APT  7.246      0.0022     120      1.3 3.5 0.001      0.01       0.0001      0.00000001 0.001      0.01
ARB  0.8046     0.00024    1100     1.3 3.5 0.0001     0.01       0.0001      0.00000001 0.0001     0.1
FIL  4.546      0.0018     180      1.2 3   0.001      0.001      0.001       0.00000001 0.001      0.01
ICP  8.446      0.0034     90       1.2 3   0.001      0.0001     0.001       0.00000001 0.001      0.01
XLM  0.0925     0.000037   8000     1.1 3   0.000001   1          0.000001    0.00000001 0.0001     1
ETC  23.46      0.01       30       1.1 2.5 0.01       0.00000001 0.001       0.00000001 0.01       0.01
HBAR 0.07946    0.000032   9000     1.2 2.5 0.00001    0.1        0.00001     0.00000001 0.00001    1
ATOM 6.946      0.0028     110      1.1 2.5 0.001      0.01       0.0001      0.00000001 0.001      0.01
OP   1.85       0.001      400      1.3 2.5 0.001      0.01       0.0001      0.00000001 0.001      0.01
INJ  23.5       0.0094     30       1.3 2   0.001      0.01       0.001       0.00000001 0.01       0.01
BONK 0.00002450 0.00000001 30000000 1.3 2   0.00000001 1          0.00000001  0.00001    0.00000001 1
ALGO 0.145      0.0001     5000     1.1 2   0.0001     1          0.00001     0.00000001 0.0001     1
CRV  0.2946     0.00012    2500     1.2 2   0.0001     0.01       0.0001      0.00000001 0.0001     0.1
"""

# Of binance alone, the busiest first: base, price, tick and lot, in Tether.
_ALTCOINS: Final = """
BNB     584.6     0.1         0.001
TRX     0.125     0.0001      0.1
TON     7.146     0.001       0.01
POL     0.5246    0.0001      0.1
WIF     2.246     0.001       0.01
FLOKI   0.000175  0.00000001  1
TAO     314.6     0.1         0.0001
RENDER  6.946     0.001       0.01
FET     1.35      0.001       0.1
ORDI    38.46     0.01        0.01
TIA     7.246     0.001       0.01
STX     1.75      0.001       0.1
IMX     1.546     0.001       0.01
WLD     2.946     0.001       0.1
SEI     0.3846    0.0001      0.1
LDO     1.946     0.001       0.01
ENA     0.5546    0.0001      0.01
RUNE    4.346     0.001       0.1
ONDO    1.05      0.0001      0.1
JUP     0.8546    0.0001      0.1
PYTH    0.3646    0.0001      0.1
GRT     0.2046    0.0001      1
VET     0.02646   0.00001     0.1
THETA   1.646     0.001       0.1
MKR     2550      1           0.00001
ENS     26.46     0.01        0.01
GALA    0.02846   0.00001     1
SAND    0.3446    0.0001      1
MANA    0.3446    0.0001      1
AXS     6.15      0.01        0.01
CHZ     0.0785    0.0001      1
PENDLE  4.546     0.001       0.1
DYDX    1.546     0.001       0.01
AR      30.46     0.01        0.01
NEO     11.5      0.01        0.01
EGLD    32.46     0.01        0.01
IOTA    0.1846    0.0001      1
XTZ     0.805     0.001       0.1
FLOW    0.655     0.001       0.01
STRK    0.725     0.001       0.01
JASMY   0.03046   0.00001     0.1
NOT     0.01546   0.000001    1
BOME    0.009546  0.000001    1
PEOPLE  0.07546   0.00001     0.1
ETHFI   3.346     0.001       0.1
W       0.3546    0.0001      0.1
ZRO     3.446     0.001       0.01
ZK      0.1746    0.0001      0.1
IO      2.646     0.001       0.01
JTO     2.646     0.001       0.1
BLUR    0.2346    0.0001      0.1
MASK    3.146     0.001       0.1
CFX     0.1846    0.0001      1
MINA    0.5846    0.0001      0.1
COMP    52.46     0.01        0.001
SNX     2.146     0.001       0.1
SUSHI   0.755     0.001       0.1
YFI     6446      1           0.00001
GMX     28.46     0.01        0.001
ZEC     24.46     0.01        0.001
DASH    26.46     0.01        0.001
KSM     25.46     0.01        0.001
QTUM    2.946     0.001       0.1
ZIL     0.01846   0.00001     0.1
KAVA    0.4846    0.0001      1
ROSE    0.07546   0.00001     0.1
BAT     0.2046    0.0001      0.1
ZRX     0.3546    0.0001      0.1
ANKR    0.02846   0.00001     0.1
CELO    0.605     0.001       0.1
RVN     0.02146   0.00001     0.1
HOT     0.001846  0.000001    1
"""

# Parameters of these: spread as a fraction of the price, typical order in USDT, volatility, and the rate of
# the first; rates of the others fall with their rank among all coins.
_ALTCOIN_SPREAD: Final = Decimal("0.0005")
_ALTCOIN_ORDER: Final = Decimal(1000)
_ALTCOIN_VOLATILITY: Final = 1.2
_ALTCOIN_RATE: Final = 1.2


def currencies() -> Iterator[tuple[str, str, Line]]:
    """Currencies and metals, with asset class and quote currency."""
    for asset_class, quote, *words in _rows(_CURRENCIES):
        yield asset_class, quote, _line(words)


def coins() -> Iterator[dict[str, Line]]:
    """The coins of all spot venues, by venue: parameters of ``coinbase``, its own tick and lot."""
    for row in _rows(_COINS):
        line = _line(row[:8])
        steps = {"coinbase": row[6:8], "kraken": row[8:10], "binance": row[10:12]}
        yield {
            venue: attrs.evolve(line, tick=Decimal(tick), lot=Decimal(lot))
            for venue, (tick, lot) in steps.items()
        }


def altcoins() -> Iterator[Line]:
    """The coins that ``binance`` alone lists."""
    first = len(_rows(_COINS)) + 1
    for rank, (base, *decimals) in enumerate(_rows(_ALTCOINS), first):
        price, tick, lot = map(Decimal, decimals)
        yield Line(
            base=base,
            price=price,
            spread=price * _ALTCOIN_SPREAD,
            order=_ALTCOIN_ORDER / price,
            volatility=_ALTCOIN_VOLATILITY,
            rate=_ALTCOIN_RATE * first / rank,
            tick=tick,
            lot=lot,
        )


def _rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def _line(words: list[str]) -> Line:
    base, price, spread, order, volatility, rate, tick, lot = words
    return Line(
        base=base,
        price=Decimal(price),
        spread=Decimal(spread),
        order=Decimal(order),
        volatility=float(volatility),
        rate=float(rate),
        tick=Decimal(tick),
        lot=Decimal(lot),
    )
