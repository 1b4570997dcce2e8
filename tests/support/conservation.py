"""
Random requests of several accounts on every product, and what must hold whatever they ask for.

    python tests/support/conservation.py --requests 100000

plays them in a market of spot pairs in two currencies, a perpetual future and a prediction, through shocks,
halts and funding payments, and checks after every hundredth that no unit of money was made or lost.
"""

import argparse
import random
import time
from collections import Counter

import attrs
from tradyn_requests import TradynClients

from feed.model.accounts import PARTICIPANTS, Accounts
from feed.model.auctions import AuctionPurpose
from feed.model.events import BALANCE, FILL, POSITION, Side, Status, event
from feed.model.grants import Tier
from feed.model.market import MarketSpec
from feed.model.orders import TimeInForce
from feed.model.requests import KEEP, Cancel, CancelMany, Close, Create, Modify, SetExits
from feed.model.statements import Cause
from feed.model.trading import OrderState, Pricing, Trigger, packed
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.market import Market

HOUR = 1_709_737_200_000_000_000  # 15:00 UTC, when funding is paid
SECOND = 1_000_000_000
MS = 1_000_000
SYMBOLS = ("BTC-USD", "USDJPY", "BTC-PERP", "BTC-UP-1H")
ACCOUNTS = (1, 2, 3)
ROUND = 2000  # requests


def spec():
    """Spot in two currencies, a future that is funded every hour, and a prediction."""
    known = {item.instrument.symbol: item for item in default_market().instruments}
    chosen = [known[symbol] for symbol in SYMBOLS]
    chosen[2] = attrs.evolve(chosen[2], perpetual=attrs.evolve(chosen[2].perpetual, interval_hours=1))
    return MarketSpec(instruments=tuple(chosen))


class Play:
    """
    A market, and everything that was told in it.

    Args:
        seed: Of the market.
        deposit: Of each account, whole units.
        before: How long before funding it opens, seconds.
        more: Instruments beside those of :data:`SYMBOLS`.
        auctions: Whether there are call auctions.
        terms: Further settings of trading.
    """

    def __init__(self, seed, *, deposit=10_000, before=5, more=(), auctions=False, **terms):
        self.deposit = deposit
        self.auctions = auctions
        self.terms = Trading(deposit=deposit, open_orders=30, **terms)
        self.start = HOUR - before * SECOND
        self.spec = attrs.evolve(spec(), instruments=(*spec().instruments, *more))
        self.run = ClientMarket(Market(self.spec, seed=seed, start=self.start), trading=self.terms)
        self.run.opening()
        self.tradyn = TradynClients(self.run, self.terms, self.mark)
        self.follower = Accounts(self.run.listing, deposit=deposit)
        self.fees = Counter()  # by account and currency, as fills have told
        self.causes = Counter()
        self.states = Counter()
        self.stated = {}  # the last balance of each account and currency

    @property
    def market(self):
        """The market behind it."""
        return self.run._market

    def mark(self, at):
        """A price to count at; any will do."""
        return self.market.mark(at) or 1

    def hear(self, rows):
        """Take what was told into account."""
        self.follower.apply(rows)
        money = self.run.accounts.money
        for row in rows:
            if row[0] == FILL:
                self.fees[row[3], money.currencies[row[1]]] += event(0, row).fee * money.fee_scales[row[1]]
            elif row[0] == BALANCE:
                item = event(0, row)
                self.causes[item.cause] += 1
                self.stated[item.account, money.currencies[row[1]]] = item
            elif row[0] == POSITION:
                self.stated[row[3], row[1]] = event(0, row)
            elif row[0] == 9:
                self.states[OrderState(row[6])] += 1

    def call(self, rng, instruments):
        """Begin a call auction now and then, where there are to be any."""
        at = rng.choice(instruments) if self.auctions and rng.random() < 0.1 else None
        if at is not None and self.market.exchange.statuses[at] is not Status.DELISTED:
            after = rng.choice([Status.TRADING, Status.TRADING, Status.CLOSED])
            rows = self.market.auction(at, AuctionPurpose.INTRADAY, rng.choice([MS, 500 * MS]), after)
            self.hear(self.run._clearing.told(rows))

    def act(self, rng):
        """Let some time pass, and something happen: nearly always a request."""
        self.call(rng, range(len(SYMBOLS)))
        self.hear(self.run.advance(self.run.now + rng.choice([0, MS, 20 * MS, 100 * MS, 150 * MS])))
        chance = rng.random()
        if chance < 0.01:
            rows = self.market.shock(rng.choice([0, 1]), rng.choice([-0.15, -0.02, 0.02, 0.15]))
            self.hear(self.run._clearing.told(rows))
        elif chance < 0.1:
            at, statuses = rng.randrange(len(SYMBOLS)), self.market.exchange.statuses
            halts = chance < 0.015
            if halts is (statuses[at] is Status.TRADING):
                after = Status.HALTED if halts else Status.TRADING
                self.hear(self.run._clearing.told(self.market.set_status(at, after)))
        request = self.draw(rng)
        if request is not None:
            self.hear(self.run.execute(request))

    def draw(self, rng):
        """
        Any request of any account, near the market more often than not.

        Some come as Tradyn's clients send them; None where one is refused before the market hears of it.
        """
        account, at = rng.choice(ACCOUNTS), rng.choice([0, 0, 1, 2, 2, 2, 3])
        tier = list(Tier)[account % len(Tier)]
        if rng.random() < 0.3:
            return self.tradyn.draw(rng, account=account, tier=tier, at=at, largest=self.deposit)
        return self._drawn(rng, account, at, tier)

    def _drawn(self, rng, account, at, tier):
        middle = self.market.mark(at) or 100
        price = max(1, middle + middle * rng.randint(-3000, 3000) // 10**6)
        if rng.random() < 0.03:
            price = rng.choice([1, 3 * middle])
        common = {"account": account, "request": packed(str(rng.randrange(10**9))), "tier": tier}
        own = list(self.run.accounts.find(account).orders.values())
        low, high = (middle - middle * part // 1000 for part in (rng.randint(-1, 20), rng.randint(-20, 1)))
        exits = [(0, 0), (low, high), (high, low), (low, 0), (0, low)]
        if rng.random() < 0.1:
            position = self.run.accounts.find(account).position(at).order
            common |= {"instrument": at, "position": rng.choice([0, position, 1])}
            if rng.random() < 0.5:
                size = rng.choice([0, 0, 1, self.deposit // 100])
                return Close(**common, size=size, slippage=rng.choice([0, 20_000]))
            stop_loss, take_profit = rng.choice([*exits, (KEEP, high), (low, KEEP)])
            return SetExits(**common, stop_loss=stop_loss, take_profit=take_profit)
        stop_loss, take_profit = rng.choice([(0, 0)] * 20 + exits)
        kind = rng.random()
        if kind < 0.65 or (kind < 0.92 and not own):
            found = self.run.accounts.find(account)
            return Create(
                **common,
                instrument=at,
                side=rng.choice(list(Side)),
                size=1 + self.deposit * rng.choice([0, 1, 10, 50, 100, 1000]) // 1000,
                type=rng.choice(list(Pricing)),
                price=price,
                slippage=rng.choice([0, 1000, 20_000, 10**6]),
                post_only=rng.random() < 0.1,
                leverage=rng.choice([1, 5, 10, 10, 11]) if found.idle else found.leverage,
                time_in_force=rng.choice([TimeInForce.GTC, *TimeInForce]),
                reduce_only=rng.random() < 0.1,
                trigger=rng.choice([Trigger.NONE, Trigger.NONE, *Trigger]),
                trigger_price=max(1, middle + middle * rng.randint(-2000, 2000) // 10**6),
                stop_loss=stop_loss,
                take_profit=take_profit,
            )
        if kind >= 0.92:
            return CancelMany(
                **common,
                instrument=at,
                price=rng.choice([0, middle]),
                side=rng.choice([-1, 0, 1]),
                everywhere=rng.random() < 0.2,
            )
        order = rng.choice(own)
        common |= {"instrument": order.instrument, "order": order.order, "created": order.created // MS}
        if kind < 0.8:
            return Cancel(**common)
        return Modify(
            **common,
            price=rng.choice([0, price]),
            size=rng.choice([0, 1, 100, 10**5]),
            trigger_price=rng.choice([0, price]),
            stop_loss=rng.choice([KEEP, stop_loss]),
        )

    def check(self):
        """Nothing was made or lost, and book, accounts and stream tell one story."""
        accounts, money = self.run.accounts, self.run.accounts.money
        everybody = [PARTICIPANTS, *(number for number in accounts if number != PARTICIPANTS)]
        for at in range(len(SYMBOLS)):
            held = [accounts.find(number).positions.get(at) for number in everybody]
            assert sum(item.lots for item in held if item) == 0
            assert sum(item.funding for item in held if item) == 0
            assert sum(item.realised - item.cost for item in held if item) == 0
        for currency in money.decimals:
            whole = money.whole(currency, self.deposit)
            here = [at for at in range(len(SYMBOLS)) if money.currencies[at] == currency]
            assert sum(accounts.find(number).insurance.get(currency, 0) for number in everybody) == 0
            owned = 0
            for number in everybody[1:]:
                assert accounts.find(number).fees.get(currency, 0) == self.fees[number, currency]
                owned += accounts.equity(number, currency, self.mark)
            house = accounts.find(PARTICIPANTS)
            theirs = house.insurance.get(currency, 0)
            for at in here:
                held = house.positions.get(at)
                if held is not None:
                    theirs += held.realised + held.funding
                    theirs += held.worth(self.mark(at) * money.scales[at]) if held.lots else 0
            fees = sum(paid for (_, paid_in), paid in self.fees.items() if paid_in == currency)
            assert owned + theirs + fees == len(everybody[1:]) * whole
        self._check_orders()
        self._check_follower(everybody)
        self._check_statements()

    def _check_orders(self):
        accounts = self.run.accounts
        resting = {
            order: lots
            for book in self.market.exchange.books
            for side in Side
            for order, _, lots in book.orders(side)
            if book.get(order).account > 0
        }
        for auction in self.market.exchange.auctions.values():
            resting |= {order.order: order.left for order in auction.orders() if order.account > 0}
        open_ = [order for number in ACCOUNTS for order in accounts.find(number).orders.values()]
        active = [order for order in open_ if order.state is OrderState.ACTIVE]
        assert resting == {order.order: order.left for order in active}
        waiting = {order.order for order in open_ if order.state is OrderState.UNTRIGGERED}
        assert waiting == set(accounts.waiting)
        for number in ACCOUNTS:
            for at, position in accounts.find(number).positions.items():
                mine = [order for order in active if (order.account, order.instrument) == (number, at)]
                for side, reserved in ((Side.BUY, position.bids), (Side.SELL, position.asks)):
                    scale = accounts.money.scales[at]
                    assert reserved == sum(it.left * it.price * scale for it in mine if it.side is side)
                    if any(it.reduce_only for it in mine if it.side is side):
                        closable = -position.lots if side is Side.BUY else position.lots
                        assert sum(it.left for it in mine if it.side is side) <= closable

    def _check_follower(self, everybody):
        """Whoever follows the stream alone has the same accounts."""
        for number in everybody:
            ours, theirs = self.run.accounts.find(number), self.follower.find(number)
            assert (ours.orders, ours.fees, ours.insurance) == (theirs.orders, theirs.fees, theirs.insurance)
            for at, one in ours.positions.items():
                other = theirs.position(at)
                assert all(getattr(one, name) == getattr(other, name) for name in one.__slots__)

    def _check_statements(self):
        """What was stated last is so, where nothing is left to be stated."""
        accounts, pending = self.run.accounts, self.run._clearing._changed
        currencies = accounts.money.currencies
        changed = {(account, currencies[at]) for account, at in pending} | set(pending)
        for (account, what), item in self.stated.items():
            if (account, what) in changed:
                continue
            if isinstance(what, str):
                assert item.cash == accounts.cash(account, what)
            else:
                held = accounts.find(account).position(what)
                assert (item.lots, item.cost, item.realised) == (held.lots, held.cost, held.realised)
                stated = (item.order, item.opened, item.stop_loss, item.take_profit)
                assert stated == (held.order, held.opened, held.stop_loss, held.take_profit)


def main():
    """Play, and say what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, began = random.Random(options.seed), time.perf_counter()
    states, causes, tradyn = Counter(), Counter(), Counter()
    for at in range(0, options.requests, ROUND):
        # Each time other accounts in another market: nobody has anything left in the long run.
        play = Play(options.seed + at, deposit=rng.choice([1000, 100_000]), before=40)
        for number in range(min(ROUND, options.requests - at)):
            play.act(rng)
            if number % 100 == 0:
                play.check()
        play.check()
        states += play.states
        causes += play.causes
        tradyn += Counter(sent=play.tradyn.sent, refused=play.tradyn.refused)
    print(f"{options.requests} requests in {time.perf_counter() - began:.0f} s")
    print("of these as Tradyn's clients send them", dict(tradyn))
    print("orders", {state.name: count for state, count in sorted(states.items())})
    print("balances", {cause.name: causes[cause] for cause in Cause})
    print("conserved to the last unit")


if __name__ == "__main__":
    main()
