"""
Shows a bot that trades one coin on several exchanges with ccxt: buy where it is cheap, sell where it is dear.

Run: ``feed serve --scenario cross-exchange``, then ``python examples/arbitrage.py [URL] [MINUTES]``. Needs
ccxt. It holds the coin and money on every exchange, so that nothing has to be moved between them. When the
price of one pays for buying there, selling at another, and going back again, fees and all, it trades both
legs; when the prices have met, it closes them. A dollar and a USDT count alike.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from decimal import Decimal

SYMBOLS = {"binance": "BTC/USDT", "kraken": "BTC/USD", "coinbase": "BTC/USD"}
SIZE = Decimal("0.02")  # of the coin, at most, in one trade
LEAST = Decimal("0.001")  # of the coin: a trade of less is not worth its while
MARGIN = Decimal("0.0002")  # of the value: what must be left after all fees
SLIPPAGE = Decimal("0.0005")  # of the price: how much worse than seen it may be had
GRACE = 60.0  # seconds: a position that is open at the end may wait so long until it pays
PATIENCE = 2.0  # seconds without news of a book, after which its prices are not traded on


class Venue:
    """One exchange, with what was seen and done there."""

    def __init__(self, exchange, symbol):
        self.exchange = exchange
        self.symbol = symbol
        self.fee = Decimal(0)
        self.book = None
        self.seen = 0.0
        self.trades = []

    async def begin(self):
        """Markets and what a trade costs: the exchange's own figures."""
        await self.exchange.load_markets()
        if self.exchange.has.get("fetchTradingFee"):
            fee = await self.exchange.fetch_trading_fee(self.symbol)
        else:
            fee = (await self.exchange.fetch_trading_fees())[self.symbol]
        self.fee = Decimal(str(fee["taker"]))

    async def watch(self, changed):
        """The book as it changes."""
        while True:
            self.book = await self.exchange.watch_order_book(self.symbol)
            self.seen = time.monotonic()
            changed.set()

    @property
    def fresh(self):
        return self.book is not None and time.monotonic() - self.seen < PATIENCE

    def best(self, side):
        """Price and size of the best bid or ask."""
        price, size = self.book["bids" if side == "sell" else "asks"][0][:2]
        return Decimal(str(price)), Decimal(str(size))

    async def take(self, side, size, slippage=SLIPPAGE):
        """Trade what can be had at once near the best price; the trades, as the exchange lists them."""
        price = self.best(side)[0] * (1 + slippage if side == "buy" else 1 - slippage)
        limit = self.exchange.price_to_precision(self.symbol, float(price))
        amount = self.exchange.amount_to_precision(self.symbol, float(size))
        order = await self.exchange.create_order(
            self.symbol, "limit", side, float(amount), float(limit), {"timeInForce": "IOC"}
        )
        listed = await self.exchange.fetch_my_trades(self.symbol, limit=50)
        done = [trade for trade in listed if trade["order"] == order["id"]]
        self.trades += done
        return done


def total(trades, field="amount"):
    """Of some trades, exactly."""
    return sum((Decimal(str(trade[field])) for trade in trades), Decimal(0))


def earned(trades, price):
    """What trades have brought after fees, in money: coin that they have brought counts at a price."""
    money = coin = Decimal(0)
    for trade in trades:
        sign = 1 if trade["side"] == "buy" else -1
        coin += sign * Decimal(str(trade["amount"]))
        money -= sign * Decimal(str(trade["cost"]))
        fee = Decimal(str(trade["fee"]["cost"]))
        if trade["fee"]["currency"] == trade["symbol"].split("/")[0]:
            coin -= fee
        else:
            money -= fee
    return money + coin * price


def gain(low, high):
    """What buying at one exchange and selling at another brings now, as a share of what it costs."""
    return high.best("sell")[0] * (1 - high.fee) / (low.best("buy")[0] * (1 + low.fee)) - 1


class Bot:
    """Trades between exchanges, one position at a time: bought at one, sold at another."""

    def __init__(self, venues, say=print):
        self.venues = venues
        self.say = say
        self.position = None  # the exchange it was bought at, that it was sold at, how much, the trades
        self.rounds = []

    async def run(self, seconds):
        """Trade for so long; the profit of each position that was closed."""
        await asyncio.gather(*(venue.begin() for venue in self.venues))
        changed = asyncio.Event()
        watching = [asyncio.ensure_future(venue.watch(changed)) for venue in self.venues]
        ends = time.monotonic() + seconds
        try:
            while self.position or time.monotonic() < ends:
                changed.clear()
                waiting = asyncio.ensure_future(changed.wait())
                await asyncio.wait([waiting, *watching], timeout=1, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                for failed in (task for task in watching if task.done()):
                    failed.result()
                await self.look(over=time.monotonic() >= ends, late=time.monotonic() >= ends + GRACE)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return self.rounds

    async def look(self, *, over, late):
        """Close a position that has paid, or any when it is late; open one that will pay, in time."""
        if self.position:
            low, high, size, trades = self.position
            if low.fresh and high.fresh and (late or self.worth(low, high, size, trades) > 0):
                await self.close()
            return
        fresh = [venue for venue in self.venues if venue.fresh]
        pairs = [(low, high) for low in fresh for high in fresh if low is not high]
        # Going back costs both fees again, at one price.
        found = [(gain(low, high) - low.fee - high.fee, low, high) for low, high in pairs]
        best = max(found, key=lambda each: each[0], default=None)
        if best and best[0] > MARGIN and not over:
            await self.open(*best[1:])

    def worth(self, low, high, size, trades):
        """What a position would have brought if it were closed now, beyond the margin."""
        bid, ask = low.best("sell")[0], high.best("buy")[0]
        closing = size * (bid * (1 - low.fee) - ask * (1 + high.fee))
        return earned(trades, bid) + closing - MARGIN * size * bid

    async def open(self, low, high):
        """Buy at one and sell at the other, at once, what is there at both."""
        size = min(SIZE, low.best("buy")[1], high.best("sell")[1])
        if size >= LEAST:
            expected = gain(low, high)
            size, trades = await self.trade(low, high, size)
            if size:
                self.position = low, high, size, trades
                names = f"{size} at {low.exchange.id}, sold at {high.exchange.id}"
                self.say(f"bought {names}: {expected:.2%} after fees")

    async def close(self):
        """Sell where it was bought, and buy where it was sold."""
        low, high, size, before = self.position
        done, trades = await self.trade(high, low, size)
        trades = before + trades
        if done < size:
            self.position = low, high, size - done, trades
            return
        self.position = None
        profit = earned(trades, low.best("sell")[0])
        self.rounds.append({"bought": low.exchange.id, "sold": high.exchange.id, "profit": profit})
        self.say(f"closed at {low.exchange.id} and {high.exchange.id}: {profit:+.2f}")

    async def trade(self, buyer, seller, size):
        """Buy at one and sell at another; the size that was done at both, and the trades."""
        bought, sold = await asyncio.gather(buyer.take("buy", size), seller.take("sell", size))
        while (more := total(sold) - total(bought)) != 0:  # one leg found less than the other
            if more > 0:
                bought += await buyer.take("buy", more, slippage=20 * SLIPPAGE)
            else:
                sold += await seller.take("sell", -more, slippage=20 * SLIPPAGE)
        return total(bought), bought + sold


def told(*command):
    """What the command ``feed`` prints."""
    return subprocess.run(["feed", *command], capture_output=True, text=True, check=True).stdout


def connect(name, url):
    """An exchange of ccxt, pointed at a server: by all of its URLs, and the keys that everybody knows."""
    import ccxt.pro  # noqa: PLC0415 - not needed to read this file

    settings = json.loads(told("urls", "ccxt", name, "--url", url, "--json"))["settings"]
    if f"{name.upper()}_KEY" in os.environ:
        key, secret = (os.environ[f"{name.upper()}_{each}"] for each in ("KEY", "SECRET"))
    else:
        key, secret = told("keys", "demo", name).rstrip().split("\n", 1)
    return getattr(ccxt.pro, name)({**settings, "apiKey": key, "secret": secret, "enableRateLimit": False})


async def main(url="http://127.0.0.1:8080", minutes="10"):
    venues = [Venue(connect(name, url), symbol) for name, symbol in SYMBOLS.items()]
    try:
        rounds = await Bot(venues).run(60 * float(minutes))
    finally:
        await asyncio.gather(*(venue.exchange.close() for venue in venues))
    print(f"{len(rounds)} rounds, profit {sum(each['profit'] for each in rounds):.2f} after fees")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
