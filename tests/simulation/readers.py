"""Clients that listen, and resume where they were."""

import trio

from tests.simulation.conversation import Heard, Peer
from tests.simulation.keys import KEYS

CHANNELS = ("book_btcusd", "trades_btcusd", "book_btcusdt")


class Reader(Peer):
    """
    A client that subscribes, and reads.

    Attributes:
        heard: What it was told.
    """

    path = ""
    lag = 0.3  # seconds that it does not read for, at most, now and then

    def __init__(self, world, name, origin=None):
        super().__init__(world, name)
        self.heard = Heard(origin)

    def again(self, world):
        """The same client elsewhere, which begins where this one began."""
        double = type(self)(world, self.name, None if self.heard.fresh else self.heard.begin)
        double.lag = 0
        return double

    def interrupted(self):
        self.heard.interrupted()

    def target(self):
        """Path and query, to go on where it was."""
        since = "" if self.heard.since is None else f"&since={self.heard.since}"
        return f"{self.path}{since}"

    def words(self):
        """What it says on a new connection."""
        raise NotImplementedError

    async def converse(self):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.impatience)
            await self.listen()

    async def listen(self):
        """Subscribe, and read to the end of the connection."""
        await self.client.upgrade(self.target())
        for message in self.words():
            await self.client.send(message)
        await self.read()

    async def read(self):
        """Take what comes, sometimes late."""
        while True:
            self.heard.take(await self.client.text())
            if self.lag and self.chance.random() < 0.02:
                await trio.sleep(self.chance.random() * self.lag)


class GuideReader(Reader):
    """Books and trades of the guide."""

    path = "/guide?ext=seq"

    def words(self):
        return [{"type": "subscribe", "channels": list(CHANNELS)}]


class TradynReader(Reader):
    """Ticks of both instruments, and one account's orders, deals and balances."""

    path = "/tradyn?ext=seq"

    def words(self):
        channels = ["orders", "positions", "account"]
        return [
            {"type": "auth", "apiKey": KEYS["tradyn"]},
            {"type": "subscribe", "symbols": ["BTC-USD", "BTC-USDT"], "channels": channels},
        ]


class SecurityProReader(Reader):
    """Trades of one instrument."""

    path = "/securitypro?ext=seq"

    def words(self):
        return [
            {"op": "subscribe", "channel": "trades", "symbol": "BTC-USD", "apiKey": KEYS["tradyn"]},
        ]
