"""The simulation of one instrument: its book, its reference price, and what its participants share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Final, Protocol

from feed.book.book import OrderBook
from feed.model.durations import NS_PER_HOUR, NS_PER_SECOND
from feed.model.events import TRADE, Row, Side
from feed.model.market import InstrumentSpec, MarketSpec
from feed.sim.event_queue import EventQueue
from feed.sim.random_streams import random_stream
from feed.sim.reference_price import Metaorder, ReferencePrice

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

# What makers have learnt decays at this interval, nanoseconds, in an instrument that is not quiet.
_RELAX: Final = NS_PER_SECOND // 2

# Standard deviation over a second that one mean taker's order a second makes, in its impacts.
_FLOW_DEVIATION: Final = 0.9

# Makers move their quotes once these are so many half spreads, or a tick, from where they should be.
_TOLERANCE: Final = 0.8

# In 15 of 16 cases the owner of an order that the price has passed is quicker than a maker.
_QUICK_OWNER_BITS: Final = 4

# Mean distance between a maker's deeper quotes, in impacts of a mean taker's order.
_DEPTH: Final = 0.6


class RestingOwner(Protocol):
    """A participant with resting orders."""

    @property
    def makes(self) -> bool:
        """Whether executions are inventory of the market makers."""

    def order_filled(self, now: int, order: int, side: int, /) -> None:
        """An order was executed in full."""

    def withdraw(self, order: int, side: int, /) -> None:
        """The order is about to be cancelled, since the price has passed it."""


class MarketMaker(RestingOwner, Protocol):
    """Keeps quotes on both sides of the book."""

    def wake(self, now: int) -> None:
        """Let it react after a reaction time."""

    def quote_ladder(self, now: int) -> None:
        """Complete the ladder of quotes at once."""

    def cancel_quotes(self) -> None:
        """Cancel all quotes."""

    def requote_side(self, now: int, side: int) -> None:
        """Place a quote at once on a side that is empty."""

    def refresh_best(self) -> None:
        """Join the best price of a side."""


class DeepOrders(Protocol):
    """Keeps the deep book."""

    def fill(self) -> None:
        """Place what is missing at once."""

    def cancel_all(self) -> None:
        """Cancel all of it."""


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
        reference: The price around which makers quote, and what it is made of.
        spread: Current typical spread of the makers, ticks.
        size: Current typical size of a maker's quote, lots.
        taken: Current mean size of a taker's order, lots.
        rests: Current typical size of a resting order by side, lots.
        volatility: Current standard deviation of the price over one second, as a fraction of it, in the mean
            over all regimes.
        deviation: The same now, ticks.
        impact_scale: Impact of one mean taker's order now, ticks.
        depth: Mean distance between a maker's deeper quotes, ticks.
        tolerance: Distance from where it should be at which a quote is moved, ticks.
        interval_scale: Factor on waiting times as set by :meth:`set_activity`: 0.01 is a burst.
        wait_scale: Factor on waiting times of takers now: less in lively regimes.
        quote_scale: The same of those who change resting orders, which depends less on it.
        quietness: How many times fewer updates it has than one that is not quiet, at least 1: a factor on
            intervals of participants that act at fixed times rather than with the updates.
        relax_every: Interval at which the reference price relaxes, nanoseconds.
        makers: The market makers, the one with the quoting obligation first.
        deep: The deep book.
        owners: Owner and side of each resting order of a participant, by its id.
        highest: The highest price that can be quoted, ticks.
        trading: Whether orders can trade now.
        listed: Whether it is listed, halted or not.
        impact: Fraction by which trades have moved the price since a tracker last reset it to 0.
        learnt: The same since the factors were last told.
        flow_share: Share of the variance that is made by its own order flow.
        peers: Factor on the taker's rate that its impact is scaled for, see :mod:`feed.sim.links`.
        premium: Fraction by which the price is kept above that of the instrument it follows.
        detached: Whether it has stopped following another instrument.
        observer: Is called with every trade; or None.
    """

    __slots__ = (
        "_clients",
        "_forgets",
        "_imbalance",
        "_regime",
        "_rows",
        "_volatility_factor",
        "book",
        "deep",
        "depth",
        "detached",
        "deviation",
        "flow_share",
        "highest",
        "impact",
        "impact_scale",
        "interval_scale",
        "learnt",
        "listed",
        "makers",
        "market",
        "next_order",
        "observer",
        "owners",
        "peers",
        "premium",
        "queue",
        "quietness",
        "quote_scale",
        "reference",
        "relax_every",
        "rests",
        "seed",
        "size",
        "spec",
        "spread",
        "taken",
        "tolerance",
        "trading",
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
        self.highest = spec.instrument.highest or _ANY_PRICE
        self.quietness = max(1.0, _BUSY / spec.updates_per_second)
        self.relax_every = int(_RELAX * self.quietness)
        half = _WIDE * self._spread(1.0) / 2
        self.reference: Final = ReferencePrice(
            float(spec.price), half, market.impact, interval=self.relax_every
        )
        self.owners: dict[int, tuple[RestingOwner, int]] = {}
        self.makers: Sequence[MarketMaker] = ()
        self.deep: DeepOrders | None = None
        self.interval_scale = self.wait_scale = self.quote_scale = 1.0
        self.trading = False
        self.listed = spec.listed
        self.impact = self.learnt = 0.0
        self.premium = 0.0
        self.detached = False
        self.observer: TradeObserver | None = None
        self.flow_share = 1.0 - market.news.share
        self.peers = 1.0
        self._rows = rows
        self._regime = 1.0, 1.0
        self._volatility_factor = 1.0
        self._imbalance = BUY, 1.0
        # Those of clients are one metaorder on each side, whatever their accounts: to divide an order among
        # accounts must not change its impact.
        self._clients = (Metaorder(BUY), Metaorder(SELL))
        self._forgets = 1.0 / (market.impact.memory_hours * NS_PER_HOUR / NS_PER_SECOND)
        self.size = self.taken = 0.0
        self.rests = (0.0, 0.0)
        self.spread = 0.0
        self.volatility = self.deviation = self.impact_scale = self.depth = self.tolerance = 0.0
        self._resize(1.0)
        self.set_spread(1.0)
        self.set_volatility(1.0)

    def random_stream(self, *names: str) -> Callable[[int], int]:
        """The random bits of one participant, see :func:`feed.sim.random_streams.random_stream`."""
        return random_stream(self.seed, self.spec.instrument.symbol, *names)

    # --- parameters --------------------------------------------------------------------------------

    def set_regime(self, level: float, activity: float) -> None:
        """
        Take over the volatility of its asset class.

        Args:
            level: Of the regime, relative to the long-run mean.
            activity: Of the hour of the day, relative to the mean.
        """
        self._regime = level, activity
        self.rescale()

    def set_volatility(self, factor: float) -> None:
        """Set the volatility to ``factor`` times that of the specification."""
        self._volatility_factor = factor
        self.rescale()

    def set_activity(self, factor: float) -> None:
        """Set the activity to ``factor`` times that of the specification, at equal volatility."""
        self.interval_scale = 1 / factor
        self.rescale()

    def set_spread(self, factor: float) -> None:
        """Set the spread to ``factor`` times that of the specification."""
        self.spread = self._spread(factor)
        room = 2.0 + 2.0 * self.spread
        self.reference.lowest, self.reference.highest = room, self.highest - room
        self.rescale()

    def set_liquidity(self, factor: float) -> None:
        """Set the sizes to ``factor`` times those of the specification, on both sides."""
        self._resize(factor)
        self.rescale()

    def imbalance(self, side: int, factor: float) -> None:
        """Set the size of resting orders on one side to ``factor`` times that on the other."""
        self._imbalance = side, factor
        self.rests = (self.size, self.size * factor) if side else (self.size * factor, self.size)

    def rescale(self) -> None:
        """Compute what depends on the price, the specification, and the factors on both."""
        spec, reference = self.spec, self.reference
        level, activity = self._regime
        self.volatility = self._volatility_factor * spec.volatility / 10_000
        usual = self.volatility * reference.permanent
        self.deviation = usual * level * sqrt(activity)
        root = sqrt(level)
        # Lively regimes have more trades, and each of them more impact: the variance is the product.
        self.wait_scale = self.interval_scale / (root * activity)
        self.quote_scale = self.interval_scale / (sqrt(root) * activity)
        takers = self.peers * spec.updates_per_second / self.market.takers.updates
        scale = usual * sqrt(self.flow_share * self.interval_scale / takers) / _FLOW_DEVIATION
        self.impact_scale = scale * sqrt(level * root)
        self.depth = max(1.0, _DEPTH * scale, reference.calm_half)
        reference.calm_half = _WIDE * self.spread / 2 * root
        reference.skew = self.market.impact.skew * self.impact_scale
        self.tolerance = max(1.0, _TOLERANCE * reference.calm_half)
        reference.centre()

    def _spread(self, factor: float) -> float:
        return min(self.spec.spread * factor, self.highest * _WIDEST)

    def _resize(self, factor: float) -> None:
        self.size = self.spec.size * factor
        self.taken = max(1.0, self.size * self.market.takers.size)
        self.imbalance(*self._imbalance)

    @property
    def follows(self) -> bool:
        """Whether its price follows, or derives from, that of another instrument."""
        return self.spec.followed is not None

    # --- prices ------------------------------------------------------------------------------------

    @property
    def value(self) -> float:
        """What everybody takes for the fair price, ticks: the permanent part of the reference price."""
        return self.reference.permanent

    def hear(self, now: int, fraction: float) -> None:
        """Public news move the price by ``fraction`` of itself; makers react to it if it trades."""
        self.reference.hear(self.reference.permanent * fraction)
        if self.trading:
            self.notify_makers(now)

    def follow(self, now: int, price: float) -> None:
        """Move the price to that of what it derives from, ticks."""
        reference = self.reference
        reference.move(price - reference.permanent)
        reference.fundamental = reference.permanent
        if self.trading:
            self.notify_makers(now)

    def shift(self, now: int, ticks: float) -> None:
        """Move the permanent part of the price by what was learnt elsewhere, ticks."""
        self.reference.move(ticks)
        self.notify_makers(now)

    def notify_makers(self, now: int) -> None:
        """Let every maker react."""
        for maker in self.makers:
            maker.wake(now)

    def forget(self, seconds: float) -> None:
        """Let the memory of what clients have traded fade."""
        for metaorder in self._clients:
            if metaorder.volume:
                metaorder.volume -= metaorder.volume * min(1.0, seconds * self._forgets)

    # --- orders ------------------------------------------------------------------------------------

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
        metaorder: Metaorder | None = None,
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
            metaorder: What it is part of; None for one of its own.
            informs: Whether makers learn from the trades.
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
        if filled:
            self._traded(now, since, (metaorder or Metaorder(side)) if informs else None)
        return filled

    def client_traded(self, now: int, since: int) -> None:
        """Apply the effects of a client's order, whose rows begin at index ``since``."""
        for row in self._rows[since:]:
            if row[0] == TRADE:
                self._traded(now, since, self._clients[row[4]])
                return
        self.refill(now)

    def limit_price(self, side: int, spreads: float) -> int:
        """
        The limit price of an aggressor, ticks.

        Args:
            side: Of the aggressor.
            spreads: How far past the best price it goes, in spreads or, where that is more, in standard
                deviations of a return over one second.
        """
        reach = int(spreads * max(self.spread, self.deviation))
        return max(1, self.book.bid - reach) if side else min(self.highest, self.book.ask + reach)

    def clear_wrong_side(
        self, now: int, side: int, price: int, eager: int, bits: Callable[[int], int]
    ) -> bool:
        """
        Deal with the order in front of ``price``, which a maker wants to quote.

        A patient trader mostly cancels it first, since the price has passed it. Else the maker trades with
        it. Another maker's quote stays.

        Args:
            now: Market time, nanoseconds.
            side: Of the maker's quote.
            price: Of the maker's quote, ticks.
            eager: How much the maker trades, in its own quotes.
            bits: The maker's random bits for this.
        Returns:
            Whether something was done.
        """
        order = self.book.first(1 - side)
        owner = self.owners.get(order)
        if owner is not None:
            if owner[0].makes:
                return False
            if bits(_QUICK_OWNER_BITS):
                del self.owners[order]
                owner[0].withdraw(order, owner[1])
                self.book.cancel(order)
                return True
        return self.take(now, side, max(1, int(eager * self.size)), price, informs=False) > 0

    def clear(self) -> None:
        """Cancel every order in the book."""
        for maker in self.makers:
            maker.cancel_quotes()
        if self.deep is not None:
            self.deep.cancel_all()
        for side in (BUY, SELL):
            for order, _, _ in self.book.orders(side):
                self.owners.pop(order, None)
                self.book.cancel(order)

    def quote(self, now: int) -> None:
        """Complete makers' ladders and the deep book at once, around the current price."""
        self.book.now = now
        for maker in self.makers:
            maker.quote_ladder(now)
        if self.deep is not None:
            self.deep.fill()

    def refill(self, now: int) -> None:
        """Let the first maker quote at once on a side that is empty."""
        book = self.book
        if not (book.bid and book.ask) and self.makers:
            book.now = now
            for side in (BUY, SELL):
                if not (book.ask if side else book.bid):
                    self.makers[0].requote_side(now, side)

    def _traded(self, now: int, since: int, metaorder: Metaorder | None) -> None:
        """
        Apply the effects of the trades in the rows from index ``since`` on.

        Makers handle their executed quotes and learn from the trades, and if a side was swept empty the
        first maker quotes again at once.
        """
        lots = inventory = first = last = 0
        owners = self.owners
        for row in self._rows[since:]:
            if row[0] == TRADE:
                lots, last = lots + row[6], row[5]
                first = first or last
                owner = owners.get(row[7])
                if owner is not None:
                    if owner[0].makes:
                        inventory += row[6] if row[4] else -row[6]
                    if not row[9]:
                        del owners[row[7]]
                        owner[0].order_filled(now, row[7], owner[1])
        reference = self.reference
        reference.inventory += inventory / self.size
        if metaorder is not None:
            moved = reference.learn(metaorder, lots / self.taken, self.impact_scale) / reference.permanent
            self.impact += moved
            self.learnt += moved
            reference.concede(metaorder.side, first, last)
            self.notify_makers(now)
        self.refill(now)
        if self.observer is not None:
            self.observer.on_rows(self._rows[since:])
