"""Where one instrument is traded: its book, its fundamental value, and what its traders know in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Final, Protocol

from feed.book.book import OrderBook
from feed.model.events import TRADE, Row, Side
from feed.model.market import InstrumentSpec, MarketSpec
from feed.sim.event_queue import EventQueue
from feed.sim.random_streams import MASK, WIDTH, random_stream

# Plain integers: they index tuples and go into rows on every step.
BUY: Final = int(Side.BUY)
SELL: Final = int(Side.SELL)


# Where an instrument has no highest price.
_ANY_PRICE: Final = 1 << 62

# Where there is one, the spread is at most this share of it.
_WIDEST: Final = 0.125

# Several make the best price together: each alone asks for more than the typical spread.
_WIDE: Final = 1.1


class MarketMaker(Protocol):
    """
    Keeps quotes on both sides of the book.

    Attributes:
        anchor: The value that the quotes are placed around, ticks.
        slack: How far the value may be from it before quotes are moved, ticks.
    """

    anchor: float
    slack: float

    def update_parameters(self) -> None:
        """Take over the instrument's spread, volatility and sizes as they are now."""

    def schedule_reaction(self, now: int) -> None:
        """Plan to act soon."""

    def quote_ladder(self) -> None:
        """Quote the whole ladder at once."""

    def cancel_quotes(self) -> None:
        """Take every quote off the book."""

    def requote_side(self, side: int) -> None:
        """Quote at once on a side that is empty."""

    def refresh_best(self) -> None:
        """Join the best price of a side."""

    def quote_traded(self, now: int, order: int, side: int) -> bool:
        """Take note of a quote that was traded. Returns whether it was this maker's."""

    def best(self, side: int) -> float:
        """The best price quoted on a side, as a key: greater is better on both sides."""


class TradeObserver(Protocol):
    """Is shown what happens to an instrument, at the moment it happens."""

    def on_rows(self, rows: list[Row]) -> None:
        """An action gave these rows, a trade among them."""

    def on_row(self, row: Row) -> None:
        """A row was put into the stream that follows from no order."""


class InstrumentSim:
    """
    One instrument's trading place.

    Attributes:
        value: Fundamental value, ticks; makers quote around it.
        spread: Typical distance from best bid to best ask now, ticks.
        half: Half of the spread that the keenest maker asks for, ticks.
        size: Typical size of an order now, lots.
        rests: Typical size of an order that rests now, lots, by side.
        volatility: Standard deviation of the value over one second now, as a fraction of it.
        step: What scales the moves of the instrument's own news, which come more or less often.
        interval_scale: What waiting times are multiplied by on request: 0.01 is a burst.
        pace: What waiting times are multiplied by at this moment, all causes together.
        makers: The instrument's market makers, the one with the obligation first.
        highest: The highest price that can be quoted, ticks.
        trading: Whether orders can trade now.
        listed: Whether it is listed, halted or not.
        impact: Fraction by which trades have moved the value, for whoever passes it on and sets it to 0.
        premium: Fraction by which the value is kept above the one it follows, on request.
        detached: Whether it has ceased to follow, on request.
        watch: Hears of every trade; None where nobody does.
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
        """Random bits of one participant, see :func:`feed.sim.random_streams.random_stream`."""
        return random_stream(self.seed, self.spec.instrument.symbol, name)

    def move_value(self, fraction: float) -> None:
        """Move the fundamental value by ``fraction`` of itself; it stays where prices can be quoted."""
        room = 2.0 + 2.0 * self.spread
        self.value = max(min(self.value * (1.0 + fraction), self.highest - room), room)

    def set_volatility(self, factor: float) -> None:
        """Set the volatility to ``factor`` times that of the specification."""
        self.volatility = factor * self.spec.volatility / 10_000
        self.step = self.volatility * sqrt(self.interval_scale)
        for maker in self.makers:
            maker.update_parameters()

    def set_activity(self, factor: float) -> None:
        """Set the activity to ``factor`` times that of the specification; volatility stays what it is."""
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
        """Let orders that rest on one side be ``factor`` times as large as those on the other."""
        self._imbalance = side, factor
        self.rests = (self.size, self.size * factor) if side else (self.size * factor, self.size)

    def clear(self) -> None:
        """Take every order off the book."""
        for maker in self.makers:
            maker.cancel_quotes()
        for side in (BUY, SELL):
            for order, _, _ in self.book.orders(side):
                self.book.cancel(order)

    def notify_makers(self, now: int) -> None:
        """Let every maker answer to something at ``now``."""
        for maker in self.makers:
            maker.schedule_reaction(now)

    def deliver_news(self, now: int, threshold: int, bits: int) -> None:
        """
        Let makers answer to news at ``now``.

        Those whom it takes too far from their anchor do, others if their share of ``bits`` falls
        below ``threshold``.
        """
        value = self.value
        for maker in self.makers:
            if bits & MASK < threshold or abs(value - maker.anchor) > maker.slack:
                maker.schedule_reaction(now)
            bits >>= WIDTH

    @property
    def follows(self) -> bool:
        """Whether its value is that of another instrument, or derives from it."""
        return self.spec.followed is not None

    def publish(self, row: Row) -> None:
        """Put a row into the stream."""
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
        Trade at once against what rests.

        Args:
            now: Market time.
            side: Of the one who takes.
            lots: Wanted; what is not found is not traded.
            price: The worst acceptable, ticks.
            informs: Whether others learn about the value from it.
            order: Id of the order; None for the next.
            before: Told before the trades.
        Returns:
            Lots that were traded.
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
        """Whether the best price of a side is not any maker's."""
        key = -self.book.ask if side else self.book.bid
        return all(maker.best(side) < key for maker in self.makers)

    def limit_price(self, side: int, spreads: float) -> int:
        """The price that many spreads past the best, for who takes."""
        reach = int(spreads * self.spread)
        return max(1, self.book.bid - reach) if side else min(self.highest, self.book.ask + reach)

    def traded(self, now: int, since: int, *, informs: bool = True) -> None:
        """
        Let everyone hear of the trades in the rows from ``since`` on.

        The value moves with whoever took, makers miss what was taken from them, and if a side was
        swept empty the first maker quotes again at once.
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
        """Let the first maker quote on a side that is empty."""
        book = self.book
        if not (book.bid and book.ask):
            book.now = now
            for side in (BUY, SELL):
                if not (book.ask if side else book.bid):
                    self.makers[0].requote_side(side)
