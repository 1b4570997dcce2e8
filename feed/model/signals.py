"""
Signals: what an observer of the market would point out, in whole numbers.

==========  ========================================================================================
``Kind``    row
==========  ========================================================================================
``SIGNAL``  kind, instrument, ts, number, type, severity, figures ...
==========  ========================================================================================

What the figures of a type are stands in :data:`FIGURES`, with their units. Money is in cents of the
quote currency, a multiple or a z-score in hundredths, basis points and imbalances in ten-thousandths.
"""

from __future__ import annotations

import enum
from typing import ClassVar, Final, Self

import attrs

from feed.model.kinds import SIGNAL, Row, RowEvent


class SignalType(enum.IntEnum):
    """What was noticed."""

    WHALE_MOVEMENT = 1
    LIQUIDATION_CASCADE = 2
    FUNDING_SPIKE = 3
    ORDERBOOK_IMBALANCE = 4
    SPREAD_ANOMALY = 5
    VOLUME_SPIKE = 6
    CROSS_EXCHANGE_DIVERGENCE = 7
    WALL_APPEARANCE = 8
    WALL_REMOVAL = 9
    PRICE_LEVEL_BREAK = 10

    @property
    def label(self) -> str:
        """How files and protocols name it, such as ``whale_movement``."""
        return self.name.lower()


class Severity(enum.IntEnum):
    """How much it matters."""

    INFO = 1
    WARNING = 2
    ALERT = 3
    CRITICAL = 4


_WALL: Final = ("side", "price_ticks", "size_lots", "multiple_hundredths")

FIGURES: Final[dict[SignalType, tuple[str, ...]]] = {
    SignalType.WHALE_MOVEMENT: ("value_cents", "side"),
    SignalType.LIQUIDATION_CASCADE: ("side", "count", "value_cents", "window_ms"),
    # As the row of the funding has them; the predicted rate is what stands out, and was told to be the
    # previous one before.
    SignalType.FUNDING_SPIKE: ("rate", "previous_rate", "z_hundredths", "predicted_rate"),
    SignalType.ORDERBOOK_IMBALANCE: ("imbalance_1e4", "depth_cents"),
    SignalType.SPREAD_ANOMALY: ("spread_bps_1e4", "median_spread_bps_1e4"),
    SignalType.VOLUME_SPIKE: ("volume_lots", "baseline_lots", "multiple_hundredths"),
    # The instrument of the row is the pair's first; these two are where it is cheap, and where dear.
    SignalType.CROSS_EXCHANGE_DIVERGENCE: ("buy_instrument", "sell_instrument", "gap_bps_1e4"),
    SignalType.WALL_APPEARANCE: _WALL,
    SignalType.WALL_REMOVAL: _WALL,
    SignalType.PRICE_LEVEL_BREAK: ("level_ticks", "upwards", "price_ticks"),
}
"""Names of the figures of each type, in the order in which they stand in a row, units included."""


# Older recordings have no predicted rate: what they call the rate is that one.
_WITHOUT_PREDICTED: Final = 3


@attrs.frozen
class Signal(RowEvent):
    """
    Something that an observer would point out.

    Attributes:
        number: 1 for the first signal of the market, +1 each.
        type: What was noticed.
        severity: How much it matters.
        figures: What it rests on, by the names of :data:`FIGURES`.
    """

    kind: ClassVar[int] = SIGNAL

    number: int
    type: SignalType
    severity: Severity
    figures: dict[str, int] = attrs.field(hash=False)

    @classmethod
    def from_row(cls, seq: int, row: Row, proof: int = 0) -> Self:
        """The named form of a row: its figures have names."""
        kind, figures = SignalType(row[4]), row[6:]
        if kind is SignalType.FUNDING_SPIKE and len(figures) == _WITHOUT_PREDICTED:
            figures = (*figures, figures[0])
        named = dict(zip(FIGURES[kind], figures, strict=True))
        return cls(seq, row[2], row[1], row[3], kind, Severity(row[5]), named, proof=proof)

    def row(self) -> Row:
        """The row that this is the named form of."""
        figures = (self.figures[name] for name in FIGURES[self.type])
        return (SIGNAL, self.instrument, self.ts, self.number, int(self.type), int(self.severity), *figures)
