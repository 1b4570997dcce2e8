"""The simulation of one instrument: its book, its fundamental value, and the parameters its traders share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Final, Protocol

from feed.book.book import OrderBook
from feed.model.events import TRADE, Row, Side
from feed.model.market import InstrumentSpec, MarketSpec
from feed.sim.event_queue import EventQueue
from feed.sim.random_streams import MASK, WIDTH, random_stream

# Plain integers rather than ``Side``: they index tuples and go into rows in the hot path.
BUY: Final = int(Side.BUY)
SELL: Final = int(Side.SELL)


# The highest price of an instrument without a bound.
_ANY_PRICE: Final = 1 << 62

# With a bound, the spread is at most this share of it.
_WIDEST: Final = 0.125

# An instrument with fewer book updates a second is quiet.
_BUSY: Final = 8.0

# Several makers form the best prices together, so each quotes this much wider than the typical spread.
_WIDE: Final = 1.1


class MarketMaker(Protocol):
    """
    Keeps quotes on both sides of the book.

    Attributes:
        anchor: The value around which quotes are placed, ticks.
        slack: Distance of the value from it at which quotes are moved, ticks.
    """

    anchor: float
    slack: float

    def update_parameters(self) -> None:
        """Take over the instrument's current spread, volatility and sizes."""

    def schedule_reaction(self, now: int) -> None:
        """Schedule an action after a reaction time."""

    def quote_ladder(self) -> None:
        """Complete the ladder of quotes at once."""

    def cancel_quotes(self) -> None:
        """Cancel all quotes."""

    def requote_side(self, side: int) -> None:
        """Place a quote at once on a side that is empty."""

    def refresh_best(self) -> None:
        """Join the best price of a side."""

    def quote_traded(self, now: int, order: int, side: int) -> bool:
        """Handle the execution of a quote. Returns whether it was this maker's."""

    def best(self, side: int) -> float:
        """The best price quoted on a side; asks are negative, so that greater is better on both sides."""


class TradeObserver(Protocol):
    """Is called with the events of an instrument as they happen."""

    def on_rows(self, rows: list[Row]) -> None:
        """An action had these rows, with at least one trade."""

    def on_row(self, row: Row) -> None:
        """A row was published that is not the effect of an order."""


class InstrumentSim:
    """
    The state of one instrument that its participants share.

    Attributes:
        value: Fundamental value, ticks; makers quote around it.
        spread: Current typical distance from best bid to best ask, ticks.
        half: Half of the spread of the tightest maker, ticks.
        size: Current typical size of an order, lots.
        rests: Current typical size of a resting order by side, lots.
        volatility: Current standard deviation of the value over one second, as a fraction of it.
        step: Scale of the moves of the instrument's own news, which depends on their rate.
        interval_scale: Factor on waiting times as set by :meth:`set_activity`: 0.01 is a burst.
        wait_scale: Factor on waiting times now: ``interval_scale`` and that of the whole market.
        quietness: How many times fewer updates it has than one that is not quiet, at least 1: a factor on
            intervals of participants that act at fixed times rather than with the updates.
        makers: The market makers, the one with the quoting obligation first.
        highest: The highest price that can be quoted, ticks.
        trading: Whether orders can trade now.
        listed: Whether it is listed, halted or not.
        impact: Fraction by which trades have moved the value since a tracker last reset it to 0.
        premium: Fraction by which the value is kept above that of the instrument it follows.
        detached: Whether it has stopped following another instrument.
        observer: Is called with every trade; or None.
    """

    __slots__ = (
        "_imbalance",
        "_rows",
        "book",
        "detached",
        "half",
        "highest",
        "impact",
        "interval_scale",
        "listed",
        "makers",
        "market",
        "next_order",
        "observer",
        "premium",
        "queue",
        "quietness",
        "rests",
        "seed",
        "size",
        "spec",
        "spread",
        "step",
        "trading",
        "value",
        "volatility",
        "wait_scale",
    )

    def __init__(
        self,
        market: MarketSpec,
        spec: InstrumentSpec,
        *,
        seed: int,
        book: OrderBook,
        next_order: Callable[[], int],
        rows: list[Row],
        queue: EventQueue,
    ) -> None:
        self.market: Final = market
        self.spec: Final = spec
        self.seed: Final = seed
        self.book: Final = book
        self.next_order: Final = next_order
        self.queue: Final = queue
        self.value = float(spec.price)
        self._imbalance = BUY, 1.0
        self.set_liquidity(1.0)
        self.wait_scale = 1.0
        self.quietness = max(1.0, _BUSY / spec.updates_per_second)
        self.makers: Sequence[MarketMaker] = ()
        self.interval_scale = 1.0
        self.highest = spec.instrument.highest or _ANY_PRICE
        self.trading = False
        self.listed = spec.listed
        self.impact = 0.0
        self.premium = 0.0
        self.detached = False
        self.observer: TradeObserver | None = None
        self.set_spread(1.0)
        self.set_volatility(1.0)
        self._rows = rows

    def random_stream(self, name: str) -> Callable[[int], int]:
        """The random bits of one participant, see :func:`feed.sim.random_streams.random_stream`."""
        return random_stream(self.seed, self.spec.instrument.symbol, name)

    def move_value(self, fraction: float) -> None:
        """Move the fundamental value by ``fraction`` of itself, within the prices that can be quoted."""
        room = 2.0 + 2.0 * self.spread
        self.value = max(min(self.value * (1.0 + fraction), self.highest - room), room)

    def set_volatility(self, factor: float) -> None:
        """Set the volatility to ``factor`` times that of the specification."""
        self.volatility = factor * self.spec.volatility / 10_000
        self.step = self.volatility * sqrt(self.interval_scale)
        for maker in self.makers:
            maker.update_parameters()

    def set_activity(self, factor: float) -> None:
        """Set the activity to ``factor`` times that of the specification, at equal volatility."""
        self.interval_scale = 1 / factor
        self.step = self.volatility * sqrt(self.interval_scale)

    def set_spread(self, factor: float) -> None:
        """Set the spread to ``factor`` times that of the specification."""
        self.spread = min(self.spec.spread * factor, self.highest * _WIDEST)
        self.half = _WIDE * self.spread / 2
        self.move_value(0.0)
        for maker in self.makers:
            maker.update_parameters()

    def set_liquidity(self, factor: float) -> None:
        """Set the sizes to ``factor`` times those of the specification, on both sides."""
        self.size = self.spec.size * factor
        self.imbalance(*self._imbalance)

    def imbalance(self, side: int, factor: float) -> None:
        """Set the size of resting orders on one side to ``factor`` times that on the other."""
        self._imbalance = side, factor
        self.rests = (self.size, self.size * factor) if side else (self.size * factor, self.size)

    def clear(self) -> None:
        """Cancel every order in the book."""
        for maker in self.makers:
            maker.cancel_quotes()
        for side in (BUY, SELL):
            for order, _, _ in self.book.orders(side):
                self.book.cancel(order)

    def notify_makers(self, now: int) -> None:
        """Let every maker schedule a reaction at ``now``."""
        for maker in self.makers:
            maker.schedule_reaction(now)

    def deliver_news(self, now: int, threshold: int, bits: int) -> None:
        """
        Let makers react to a move of the value at ``now``.

        Those whose anchor is too far from the value react; each other one if its :data:`WIDTH` bits
        of ``bits`` are below ``threshold``.
        """
        value = self.value
        for maker in self.makers:
            if bits & MASK < threshold or abs(value - maker.anchor) > maker.slack:
                maker.schedule_reaction(now)
            bits >>= WIDTH

    @property
    def follows(self) -> bool:
        """Whether its value follows, or derives from, that of another instrument."""
        return self.spec.followed is not None

    def publish(self, row: Row) -> None:
        """Publish a row that is not the effect of an order."""
        self._rows.append(row)
        if self.observer is not None:
            self.observer.on_row(row)

    def take(
        self,
        now: int,
        side: int,
        lots: int,
        price: int,
        *,
        informs: bool = True,
        order: int | None = None,
        before: Row | None = None,
    ) -> int:
        """
        Execute an immediate-or-cancel order.

        Args:
            now: Market time, nanoseconds.
            side: Of the aggressor.
            lots: Size; what is not available is cancelled.
            price: Limit price, ticks.
            informs: Whether the trades move the fundamental value.
            order: Id of the order; None for the next.
            before: A row to publish before the trades.
        Returns:
            Lots traded.
        """
        book = self.book
        book.now = now
        since = len(self._rows)
        if before is not None:
            self._rows.append(before)
        filled = book.ioc(self.next_order() if order is None else order, side, price, lots)
        self.traded(now, since, informs=informs)
        return filled

    def foreign(self, side: int) -> bool:
        """Whether the best price of a side is quoted by no market maker."""
        key = -self.book.ask if side else self.book.bid
        return all(maker.best(side) < key for maker in self.makers)

    def limit_price(self, side: int, spreads: float) -> int:
        """The limit price for an aggressor that goes ``spreads`` spreads past the best price, ticks."""
        reach = int(spreads * self.spread)
        return max(1, self.book.bid - reach) if side else min(self.highest, self.book.ask + reach)

    def traded(self, now: int, since: int, *, informs: bool = True) -> None:
        """
        Apply the effects of the trades in the rows from index ``since`` on.

        The value moves in the aggressor's direction, makers handle their executed quotes, and if a side
        was swept empty the first maker quotes again at once.
        """
        signed = 0
        for row in self._rows[since:]:
            if row[0] == TRADE:
                signed += -row[6] if row[4] else row[6]
                if not row[9]:
                    for maker in self.makers:
                        if maker.quote_traded(now, row[7], SELL - row[4]):
                            break
        if not signed:
            return
        if informs:
            moved = self.market.impact * self.spread * signed / (self.spec.size * self.value)
            self.move_value(moved)
            self.impact += moved
        self.refill(now)
        if self.observer is not None:
            self.observer.on_rows(self._rows[since:])

    def refill(self, now: int) -> None:
        """Let the first maker quote at once on a side that is empty."""
        book = self.book
        if not (book.bid and book.ask):
            book.now = now
            for side in (BUY, SELL):
                if not (book.ask if side else book.bid):
                    self.makers[0].requote_side(side)
