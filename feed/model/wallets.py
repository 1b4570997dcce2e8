"""
Wallets: what accounts hold of each asset at a spot venue, as a fold over the rows that concern them.

An account has one wallet at each venue, which begins with a deposit. What its open orders may spend is
locked; nothing that is locked can be spent twice, and no balance is ever negative. What everybody who is no
client holds stands in a wallet of its own, so that no asset is made or lost: trades and commissions only
move it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

import attrs

from feed.model.accounts import PARTICIPANTS
from feed.model.events import CLEAR, EXECUTION, WALLET, Row, Side
from feed.model.executions import ExecutionReport, Leg, PreventedTrade, WalletChanged
from feed.model.instruments import Contract, Instrument, Listing
from feed.model.trading import OrderState, RequestKind
from feed.settings import SpotDeposit

LEAST_DECIMALS: Final = 8
"""Of the unit of every asset: commissions are fractions of what is traded."""


class AssetUnits:
    """
    The units of assets at each venue, fine enough that every size, and every price times size, is whole.

    A derivative has no assets: none are handed over.

    Attributes:
        decimals: Digits of each asset, by venue and asset: a unit is ``10 ** -decimals``.
        base_scales: Units of the base asset in one lot, by index of the instrument; 0 for a derivative.
        quote_scales: Units of the quote asset in one tick times one lot, by the same; 0 for a derivative.
    """

    def __init__(self, listing: Listing) -> None:
        self.decimals: Final[dict[str, dict[str, int]]] = {}
        for item in listing:
            if item.contract is not Contract.SPOT:
                continue
            here = self.decimals.setdefault(item.venue, {})
            for asset, digits in ((item.base, item.size_decimals), (item.quote, _value_digits(item))):
                here[asset] = max(here.get(asset, LEAST_DECIMALS), digits)
        scales = [self._scales(item) if item.contract is Contract.SPOT else (0, 0) for item in listing]
        self.base_scales: Final = tuple(base for base, _ in scales)
        self.quote_scales: Final = tuple(quote for _, quote in scales)

    def _scales(self, item: Instrument) -> tuple[int, int]:
        here = self.decimals[item.venue]
        return (
            item.lot * _power(here[item.base] - item.size_decimals),
            item.tick * item.lot * _power(here[item.quote] - _value_digits(item)),
        )

    def whole(self, venue: str, asset: str, amount: Decimal) -> int:
        """An amount of an asset in its units at a venue, rounded down."""
        return int(amount.scaleb(self.decimals[venue][asset]))


def _value_digits(item: Instrument) -> int:
    return item.price_decimals + item.size_decimals


def _power(digits: int) -> int:
    return int(10**digits)


class Balance:
    """
    What an account holds of one asset at one venue.

    Attributes:
        total: Units of the asset.
        locked: Of these, what open orders may spend.
    """

    __slots__ = ("locked", "total")

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self.locked = 0

    @property
    def free(self) -> int:
        """What is not locked, units of the asset."""
        return self.total - self.locked


class Wallet:
    """
    What one account holds and does at one venue.

    Attributes:
        balances: By asset, all those of the venue in the order of its listing.
        orders: Open orders by id, each as its last report has it, those included that wait for a trigger.
        finished: Orders that are over, by id, the last that ended last.
        trades: Reports of trades, oldest first.
        prevented: Trades with itself that did not come about, oldest first.
        commissions: Paid so far, by asset, units of it.
        requests: Reports of orders that a request has made, changed or cancelled, oldest first.
        reports: How many reports of orders there have been.
        placed: How many orders.
        filled: Of these, those of which all has traded.
        traded: How many reports of trades.
    """

    def __init__(self, deposits: Mapping[str, int], history: int, trades: int) -> None:
        self.balances: Final = {asset: Balance(amount) for asset, amount in deposits.items()}
        self.orders: Final[dict[int, ExecutionReport]] = {}
        self.finished: Final[dict[int, ExecutionReport]] = {}
        self.trades: Final[deque[ExecutionReport]] = deque(maxlen=trades)
        self.prevented: Final[deque[PreventedTrade]] = deque(maxlen=trades)
        self.requests: Final[deque[ExecutionReport]] = deque(maxlen=trades)
        self.commissions: Final[dict[str, int]] = {}
        self.reports = self.placed = self.filled = self.traded = 0
        self._forgotten: Final[set[int]] = set()
        self._history: Final = history
        self._names: Final[dict[int, int]] = {}  # the last order of each id that clients make up

    def order(self, order: int = 0, client: int = 0) -> ExecutionReport | None:
        """
        An order, open or among those remembered, as it was last reported.

        Args:
            order: Its id; 0 for any.
            client: The client's own id of it, packed; 0 for any. Of several the last one is meant.
        """
        known = order or self._names.get(client, 0)
        found = self.orders.get(known) or self.finished.get(known)
        return found if found is not None and client in (0, found.client) else None

    def history(self, instrument: int) -> list[ExecutionReport]:
        """All orders in an instrument that are remembered, open ones too, by rising id."""
        known = [*self.finished.values(), *self.orders.values()]
        return sorted((one for one in known if one.instrument == instrument), key=lambda one: one.order)

    def report(self, item: ExecutionReport) -> None:
        """Take the next report of an order into account; balances apart."""
        if item.trade:
            self.trades.append(item)
        if item.counter and self.prevented.maxlen:
            self._prevent(item)
        before = self.orders.get(item.order)
        if before is None or item.verb is not RequestKind.CREATE:
            self.requests.append(item)
        self.reports += 1
        self.placed += before is None and item.order not in self._forgotten
        self._forgotten.discard(item.order)
        self.filled += item.state is OrderState.FILLED
        self.traded += bool(item.trade)
        if before is not None and before.client != item.client:
            self._names.pop(before.client, None)  # it goes by another one from now on
        if item.open:
            self.orders[item.order] = item
            if item.client:
                self._names[item.client] = item.order
            return
        self.orders.pop(item.order, None)
        self.finished[item.order] = item
        if len(self.finished) > self._history:
            oldest = self.finished.pop(next(iter(self.finished)))
            if self._names.get(oldest.client) == oldest.order:
                del self._names[oldest.client]

    def forget(self, order: int) -> None:
        """An open order is gone from the market; what is yet reported of it is of no new order."""
        del self.orders[order]
        if len(self._forgotten) >= self._history:
            self._forgotten.clear()  # nothing more was reported of these
        self._forgotten.add(order)

    def _prevent(self, item: ExecutionReport) -> None:
        """A trade is told of by one of its orders, or by one after the other."""
        taker, maker = (item.order, item.counter) if item.taker else (item.counter, item.order)
        known = self.prevented[-1] if self.prevented else None
        if known is None or (known.taker, known.maker) != (taker, maker):
            incoming = item if item.taker else self.order(taker)
            known = PreventedTrade(
                number=item.seq,
                instrument=item.instrument,
                ts=item.ts,
                taker=taker,
                maker=maker,
                mode=item.self_trade if incoming is None else incoming.self_trade,
                price=item.last_price,
            )
            self.prevented.append(known)
        before = self.order(item.order)
        lots = item.prevented - (0 if before is None else before.prevented)
        changed = attrs.evolve(known, taker_lots=lots) if item.taker else attrs.evolve(known, maker_lots=lots)
        self.prevented[-1] = changed


class Wallets:
    """
    The wallets of all accounts that have ever asked anything of a spot venue.

    Args:
        listing: The instruments.
        deposits: What a wallet begins with at every venue that lists the asset.
        history: Orders that are over, trades, and prevented trades, that are remembered of each wallet.
        trades: How many of the latter two, where that is another number.

    Attributes:
        units: Units of assets.
        orders: Account and venue of each open order, by its id.
    """

    def __init__(
        self,
        listing: Listing,
        *,
        deposits: Iterable[SpotDeposit] = (),
        history: int = 0,
        trades: int | None = None,
    ) -> None:
        self.units: Final = AssetUnits(listing)
        self.orders: Final[dict[int, tuple[int, str]]] = {}
        self._listing: Final = listing
        self._bounds: Final = history, history if trades is None else trades
        given = {one.asset: Decimal(repr(one.amount)) for one in deposits}
        self._deposits: Final = {
            venue: {asset: self.units.whole(venue, asset, given.get(asset, Decimal())) for asset in assets}
            for venue, assets in self.units.decimals.items()
        }
        self._wallets: Final[dict[tuple[int, str], Wallet]] = {}

    def __getitem__(self, where: tuple[int, str]) -> Wallet:
        """The wallet of an account at a venue, which is remembered from now on."""
        wallet = self._wallets.get(where)
        if wallet is None:
            wallet = self._wallets[where] = self._new(*where)
        return wallet

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Account and venue of each wallet that is remembered, the participants' included."""
        return iter(self._wallets)

    def find(self, account: int, venue: str) -> Wallet:
        """A wallet to look at; one that never did anything is not remembered for it."""
        return self._wallets.get((account, venue)) or self._new(account, venue)

    def deposit(self, venue: str, asset: str) -> int:
        """What every wallet at a venue begins with of an asset, units of it."""
        return self._deposits[venue][asset]

    def of_order(self, order: int) -> ExecutionReport | None:
        """An open order by its id, whosever it is."""
        where = self.orders.get(order)
        return None if where is None else self._wallets[where].orders[order]

    def apply(self, rows: Iterable[Row], seq: int = 0) -> None:
        """
        Take the next rows into account; those that concern no wallet are passed over.

        Args:
            rows: The rows.
            seq: Sequence number of the first; 0 where nobody asks for them.
        """
        for number, row in enumerate(rows, seq):
            if row[0] == EXECUTION:
                self.report(ExecutionReport.from_row(number, row))
            elif row[0] == WALLET:
                self._state(WalletChanged.from_row(0, row))
            elif row[0] == CLEAR:
                self._forget(row[1])

    def report(self, item: ExecutionReport) -> None:
        """Take the next report into account."""
        where = (item.account, self._listing[item.instrument].venue)
        wallet = self[where]
        before = wallet.orders.get(item.order)
        self._lock(wallet, item, item.locked - (0 if before is None else before.locked))
        if item.trade:
            self._trade(wallet, item)
        wallet.report(item)
        if item.open:
            self.orders[item.order] = where
        else:
            self.orders.pop(item.order, None)

    def changed(self, account: int, instrument: int, ts: int) -> WalletChanged:
        """What an account holds of the assets of an instrument, at market time ``ts``."""
        item = self._listing[instrument]
        wallet, decimals = self.find(account, item.venue), self.units.decimals[item.venue]
        base, quote = wallet.balances[item.base], wallet.balances[item.quote]
        return WalletChanged(
            seq=0,
            ts=ts,
            instrument=instrument,
            account=account,
            base_free=base.free,
            base_locked=base.locked,
            quote_free=quote.free,
            quote_locked=quote.locked,
            base_decimals=decimals[item.base],
            quote_decimals=decimals[item.quote],
        )

    def _forget(self, instrument: int) -> None:
        """A recording begins again, or a market: no order of before rests or waits there any more."""
        for order, where in list(self.orders.items()):
            wallet = self._wallets[where]
            item = wallet.orders[order]
            if item.instrument == instrument:
                self._lock(wallet, item, -item.locked)
                del self.orders[order]
                wallet.forget(order)

    def _state(self, item: WalletChanged) -> None:
        """What is told counts, where a recording does not begin with the deposits of this run."""
        listed = self._listing[item.instrument]
        balances = self[item.account, listed.venue].balances
        base, quote = balances[listed.base], balances[listed.quote]
        base.total, base.locked = item.base_free + item.base_locked, item.base_locked
        quote.total, quote.locked = item.quote_free + item.quote_locked, item.quote_locked

    def _new(self, account: int, venue: str) -> Wallet:
        deposits = self._deposits.get(venue, {})
        return Wallet(deposits if account != PARTICIPANTS else dict.fromkeys(deposits, 0), *self._bounds)

    def _lock(self, wallet: Wallet, item: ExecutionReport, more: int) -> None:
        listed = self._listing[item.instrument]
        wallet.balances[listed.quote if item.side is Side.BUY else listed.base].locked += more

    def _trade(self, wallet: Wallet, item: ExecutionReport) -> None:
        """Move both assets, the other way for the participants, and take the commission."""
        listed, at = self._listing[item.instrument], item.instrument
        base = item.last_size * self.units.base_scales[at]
        quote = item.last_price * item.last_size * self.units.quote_scales[at]
        if item.side is Side.BUY:
            quote = -quote
        else:
            base = -base
        others = self[PARTICIPANTS, listed.venue]
        for asset, amount in ((listed.base, base), (listed.quote, quote)):
            wallet.balances[asset].total += amount
            others.balances[asset].total -= amount
        paid_in = listed.base if item.commission_leg is Leg.BASE else listed.quote
        wallet.balances[paid_in].total -= item.commission
        wallet.commissions[paid_in] = wallet.commissions.get(paid_in, 0) + item.commission
