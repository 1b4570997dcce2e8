"""
Random requests of several accounts that pay with assets, beside the same accounts on margin.

    python tests/support/spot_conservation.py --requests 100000

plays them on three venues, through shocks and halts, and checks after every hundredth that no unit of any
asset was made or lost, that no balance is negative, and that the stream alone tells the same story.
"""

import argparse
import random
import time
from collections import Counter

import conservation
from conservation import ACCOUNTS, MS, ROUND
from listed import listed

from feed.model.accounts import PARTICIPANTS
from feed.model.events import ANSWER, EXECUTION, TRADE, WALLET, Side, Status, event
from feed.model.executions import Charge, Leg
from feed.model.grants import Tier
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.spot_requests import (
    AmendSpotOrder,
    CancelSpotOrder,
    CancelSpotOrders,
    CancelSpotOrdersAfter,
    Only,
    PlaceSpotOrder,
    ReplaceSpotOrder,
)
from feed.model.trading import OrderState, Pricing, Trigger, packed
from feed.model.wallets import Wallets
from feed.settings import SpotDeposit

MORE = ("ETH-USD", "BTC-USDT", "ETH-USDT")
SPOT = (0, 1, 4, 5, 6)
"""Instruments whose assets are traded; two of them are traded on margin too, one of them without a venue."""
DERIVATIVES = (2, 3)
DEPOSITS = (
    SpotDeposit("USD", 50_000),
    SpotDeposit("USDT", 50_000),
    SpotDeposit("BTC", 0.7),
    SpotDeposit("ETH", 12.5),
)
HISTORY = 50


class Play(conservation.Play):
    """
    A market with wallets, and everything that was told in it.

    Args:
        seed: Of the market.
        options: As of the play on margin.
    """

    def __init__(self, seed, **options):
        super().__init__(seed, more=listed(*MORE), deposits=DEPOSITS, history=HISTORY, **options)
        self.wallets = Wallets(self.run.listing, deposits=DEPOSITS, history=HISTORY)
        self.moved = Counter()  # what trades have added, by account, venue and asset, as they were told
        self.paid = Counter()  # commissions, by the same
        self.held = {}  # free and locked, as they were told last, by the same
        self.seen = Counter()  # kinds of what was told
        self.stops = {}  # those that wait, by their ids
        self.late = {}  # those whose trigger a trade has reached, and that have not acted yet

    def hear(self, rows):
        """Take what was told into account."""
        super().hear(rows)
        self.wallets.apply(rows)
        for row in rows:
            if row[0] == EXECUTION:
                self.hear_report(event(0, row))
            elif row[0] == WALLET:
                item, listed_ = event(0, row), self.run.listing[row[1]]
                here = item.account, listed_.venue
                self.held[(*here, listed_.base)] = item.base_free, item.base_locked
                self.held[(*here, listed_.quote)] = item.quote_free, item.quote_locked
            elif row[0] == TRADE and self.market.exchange.statuses[row[1]] is Status.TRADING:
                # (What an auction reaches that closes an instrument waits for the next trade.)
                for stop in self.stops.values():
                    if stop.instrument == row[1] and stop.trigger.reached(
                        stop.side, stop.trigger_price, row[5]
                    ):
                        self.late[stop.order] = row
            elif row[0] == ANSWER:
                item = event(0, row)
                self.seen["answer", item.verb.name, item.reason.name] += 1
                self.seen["cancel", item.cancel_reason.name] += bool(item.cancelled or item.cancel_reason)

    def hear_report(self, item):
        """One report: its own figures fit together."""
        self.late.pop(item.order, None)
        self.stops.pop(item.order, None)
        if item.state is OrderState.UNTRIGGERED:
            self.stops[item.order] = item
        self.seen[item.state.name, item.reason.name] += 1
        self.seen["trade", item.taker, item.charge.name, item.side.name] += bool(item.trade)
        self.seen["self trade", item.self_trade.name] += bool(item.counter)
        assert min(item.left, item.filled, item.locked, item.prevented, item.commission) >= 0
        assert item.size == item.filled + item.left + item.prevented
        assert item.open or not item.locked
        assert (item.state is OrderState.FILLED) == (not item.left and item.state is not OrderState.CANCELLED)
        if not item.trade:
            return
        listed_, units = self.run.listing[item.instrument], self.wallets.units
        sign = 1 if item.side is Side.BUY else -1
        here = item.account, listed_.venue
        base = sign * item.last_size * units.base_scales[item.instrument]
        quote = -sign * item.last_price * item.last_size * units.quote_scales[item.instrument]
        self.moved[(*here, listed_.base)] += base
        self.moved[(*here, listed_.quote)] += quote
        paid_in = listed_.base if item.commission_leg is Leg.BASE else listed_.quote
        self.paid[(*here, paid_in)] += item.commission
        received = item.charge is Charge.RECEIVED and item.side is Side.BUY
        rate = item.taker_fee if item.taker else item.maker_fee
        assert item.commission == (base if received else abs(quote)) * rate // 10**6

    def act(self, rng):
        """Let some time pass, and something happen: nearly always a request, of either kind."""
        if rng.random() < 0.3:
            super().act(rng)
            return
        self.call(rng, SPOT)
        self.hear(self.run.advance(self.run.now + rng.choice([0, 0, MS, 20 * MS, 150 * MS])))
        chance, market = rng.random(), self.market
        if chance < 0.01:
            rows = market.shock(rng.choice(SPOT), rng.choice([-0.1, -0.02, 0.02, 0.1]))
            self.hear(self.run._clearing.told(rows))
        at, statuses = rng.choice(SPOT), market.exchange.statuses
        if chance > (0.98 if statuses[at] is Status.TRADING else 0.6):
            halted = Status.DELISTED if chance > 0.997 else Status.HALTED
            after = halted if statuses[at] is Status.TRADING else Status.TRADING
            self.hear(self.run._clearing.told(market.set_status(at, after)))
        request = self.draw_spot(rng)
        if rng.random() < 0.02:
            request = PlaceSpotOrder(account=1, instrument=rng.choice(DERIVATIVES), side=Side.BUY, size=1)
        if rng.random() < 0.06:
            request = self.draw_other_side(rng)
        rows = self.run.execute(request)
        assert sum(row[0] == ANSWER for row in rows) == 1
        self.hear(rows)

    def draw_other_side(self, rng):
        """One that meets an order of its own account, which is placed first between the best prices."""
        account, at = rng.choice(ACCOUNTS), rng.choice(SPOT)
        side, price = rng.choice(list(Side)), max(1, self.market.mark(at))
        wallet = self.run.wallets.find(account, self.run.listing[at].venue)
        terms = self.terms_of_order(rng, wallet, at) | {"price": price, "type": Pricing.LIMIT, "expires": 0}
        terms |= {"trigger": Trigger.NONE, "size": max(1, terms["size"] // 50), "quote_size": 0}
        common = {"account": account, "instrument": at}
        first = terms | {"side": side, "time_in_force": TimeInForce.GTC}
        self.hear(self.run.execute(PlaceSpotOrder(**common, **first)))
        size = max(1, first["size"] * rng.choice([1, 1, 2]) // rng.choice([1, 2]))
        return PlaceSpotOrder(**common, **(terms | {"side": Side(1 - side), "size": size}))

    def draw_spot(self, rng):
        """Any request about assets, near the market more often than not."""
        account, at = rng.choice(ACCOUNTS), rng.choice(SPOT)
        listed_ = self.run.listing[at]
        wallet = self.run.wallets.find(account, listed_.venue)
        own = list(wallet.orders.values())
        name = packed(rng.choice(["", f"x-{rng.randrange(30)}", str(rng.randrange(10**9))]))
        common = {"account": account, "request": name, "tier": list(Tier)[account % len(Tier)]}
        kind = rng.random()
        chosen = rng.choice(own) if own and rng.random() < 0.97 else None
        named = {"order": rng.randrange(2), "client": packed("none")}
        if chosen is not None:
            named = {"order": chosen.order, "client": rng.choice([0, 0, chosen.client, packed("x-1")])}
            if chosen.client and rng.random() < 0.3:
                named["order"] = 0
        only = rng.choice([Only.ANY, Only.ANY, *Only])
        if kind < 0.6:
            return PlaceSpotOrder(**common, instrument=at, **self.terms_of_order(rng, wallet, at))
        if kind >= 0.97:
            return CancelSpotOrders(**common, instrument=at, everywhere=rng.random() < 0.3)
        if kind >= 0.95:
            return CancelSpotOrdersAfter(**common, instrument=at, after=rng.choice([0, MS, 500 * MS]))
        at = at if chosen is None else chosen.instrument
        if kind < 0.72:
            return CancelSpotOrder(**common, instrument=at, **named, only=only)
        if kind < 0.83:
            size, price = (0, 100) if chosen is None else (chosen.size, chosen.price)
            return AmendSpotOrder(
                **common,
                instrument=at,
                **named,
                size=rng.choice([0, size // 2, size, size + size // 3, 1]),
                price=rng.choice([0, 0, price + rng.randint(-3, 3) if price > 3 else 0, self.price(rng, at)]),
                trigger_price=rng.choice([0, 0, self.price(rng, at)]),
                shrink_only=rng.random() < 0.2,
                post_only=rng.random() < 0.2,
                new_client=rng.choice([0, 0, packed(f"x-{rng.randrange(30)}")]),
            )
        return ReplaceSpotOrder(
            **common,
            instrument=at,
            **self.terms_of_order(rng, wallet, at),
            cancel_order=named["order"],
            cancel_client=named["client"],
            cancel_request=packed("c-1"),
            cancel_only=only,
            allow_failure=rng.random() < 0.5,
        )

    def price(self, rng, at):
        """One near the market, or better than its best."""
        middle = self.market.mark(at) or 100
        if rng.random() < 0.4:
            return max(1, middle)
        return max(1, middle + middle * rng.randint(-3000, 3000) // 10**6)

    def terms_of_order(self, rng, wallet, at):
        """An order that the wallet can pay, more often than not."""
        listed_, units, price = self.run.listing[at], self.run.wallets.units, self.price(rng, at)
        side, middle = rng.choice(list(Side)), self.market.mark(at) or 100
        own = [it for it in wallet.orders.values() if it.working and it.instrument == at]
        if own and rng.random() < 0.3:
            met = rng.choice(own)  # one to meet
            side, price = Side(1 - met.side), met.price
        quote = wallet.balances[listed_.quote].free * rng.choice([1, 5, 20, 50, 100, 101, 130]) // 100
        base = wallet.balances[listed_.base].free * rng.choice([1, 5, 20, 50, 100, 101, 130]) // 100
        lots = base // units.base_scales[at] if side else quote // (units.quote_scales[at] * price)
        lots = lots or rng.randrange(2)
        type_, trigger = rng.choice([Pricing.LIMIT, *Pricing]), rng.choice([Trigger.NONE] * 2 + list(Trigger))
        by_quote = type_ is Pricing.MARKET and rng.random() < 0.5
        if rng.random() < 0.03:
            price = rng.choice([0, 1, 3 * middle])
        return {
            "side": side,
            "type": type_,
            "size": 0 if by_quote else lots,
            "quote_size": quote if by_quote else 0,
            "price": price,
            "time_in_force": rng.choice([TimeInForce.GTC, *TimeInForce]),
            "post_only": rng.random() < 0.1,
            "trigger": trigger,
            "trigger_price": max(1, middle + middle * rng.randint(-1500, 1500) // 10**6),
            "self_trade": rng.choice(list(SelfTrade)),
            "expires": rng.choice([0] * 12 + [self.run.now, self.run.now + rng.choice([MS, 300 * MS])]),
            "once": rng.random() < 0.3,
            "tag": rng.randrange(5),
            "maker_fee": rng.choice([0, 200, 1000, 4000]),
            "taker_fee": rng.choice([0, 500, 1000, 3333]),
            "charge": rng.choice(list(Charge)),
        }

    def check(self):
        """Nothing was made or lost, nothing is owed, and book, wallets and stream tell one story."""
        super().check()
        wallets = self.run.wallets
        everybody = [number for number in ACCOUNTS if any(number == who for who, _ in wallets)]
        for venue, assets in wallets.units.decimals.items():
            others = wallets.find(PARTICIPANTS, venue)
            for asset in assets:
                begun = wallets.deposit(venue, asset)
                total = others.balances[asset].total
                for number in everybody:
                    wallet = wallets.find(number, venue)
                    balance, who = wallet.balances[asset], (number, venue, asset)
                    assert min(balance.free, balance.locked) >= 0
                    assert balance.free + balance.locked == balance.total
                    assert balance.total == begun + self.moved[who] - self.paid[who]
                    assert wallet.commissions.get(asset, 0) == self.paid[who]
                    assert balance.locked == self.locked(wallet, asset)
                    assert self.held.get(who, (begun, 0)) == (balance.free, balance.locked)
                    total += balance.total + self.paid[who] - begun
                assert total == 0
        self.check_spot_orders()
        self.check_spot_follower(everybody)

    def locked(self, wallet, asset):
        """What the open orders of a wallet may spend of an asset."""
        return sum(
            order.locked
            for order in wallet.orders.values()
            if asset
            == (
                self.run.listing[order.instrument].quote
                if order.side is Side.BUY
                else self.run.listing[order.instrument].base
            )
        )

    def check_spot_orders(self):
        """What rests is what wallets have locked something for."""
        units = self.run.wallets.units
        resting = {
            order: (-book.get(order).account, price, lots)
            for book in self.market.exchange.books
            for side in Side
            for order, price, lots in book.orders(side)
            if book.get(order).account < 0
        }
        for auction in self.market.exchange.auctions.values():
            resting |= {
                it.order: (-it.account, it.price, it.left) for it in auction.orders() if it.account < 0
            }
        open_ = [
            order for where in self.run.wallets for order in self.run.wallets.find(*where).orders.values()
        ]
        active = [order for order in open_ if order.state is OrderState.ACTIVE]
        assert resting == {order.order: (order.account, order.price, order.left) for order in active}
        for order in active:
            at, least = order.instrument, order.left * order.price
            if order.side is Side.SELL:
                assert order.locked == order.left * units.base_scales[at]
            elif order.charge is Charge.RECEIVED:
                assert order.locked == least * units.quote_scales[at]
            else:
                assert order.locked >= least * units.quote_scales[at]
        assert {order.order for order in open_} == set(self.run.wallets.orders)
        assert bool(self.run._clearing.spot.stops) == (len(active) < len(open_))
        assert not self.late

    def check_spot_follower(self, everybody):
        """Whoever follows the stream alone has the same wallets."""
        for number in everybody:
            for venue in self.run.wallets.units.decimals:
                ours, theirs = self.run.wallets.find(number, venue), self.wallets.find(number, venue)
                for one, other in ((ours.orders, theirs.orders), (ours.finished, theirs.finished)):
                    assert [order.row() for order in one.values()] == [
                        order.row() for order in other.values()
                    ]
                assert len(ours.finished) <= HISTORY
                assert len(theirs.trades) <= HISTORY
                assert not ours.trades
                assert set(ours._names.values()) <= {*ours.orders, *ours.finished}
                for asset, balance in ours.balances.items():
                    followed = theirs.balances[asset]
                    assert (balance.total, balance.locked) == (followed.total, followed.locked)


def main():
    """Play, and say what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, began, seen = random.Random(options.seed), time.perf_counter(), Counter()
    for at in range(0, options.requests, ROUND):
        # Each time other accounts in another market.
        play = Play(options.seed + at, deposit=rng.choice([1000, 100_000]), before=40)
        for number in range(min(ROUND, options.requests - at)):
            play.act(rng)
            if number % 100 == 0:
                play.check()
        play.check()
        seen += play.seen
    print(f"{options.requests} requests in {time.perf_counter() - began:.0f} s")
    for what, count in sorted(seen.items(), key=str):
        print(f"{count:8} {' '.join(map(str, what))}")
    print("conserved to the last unit")


if __name__ == "__main__":
    main()
