"""A source of events whose rows the test gives."""

import math

import trio

from feed.model.events import QUOTE
from feed.model.instruments import Instrument, Listing
from feed.stream.source import Batch


def instrument(symbol, decimals=5):
    return Instrument(
        symbol=symbol, base=symbol[:3], quote=symbol[3:], price_decimals=decimals, size_decimals=2
    )


def quote(index, bid, ask=None, *, ts=0):
    """A row that quotes one lot on both sides; the ask is one tick above the bid."""
    return (QUOTE, index, ts, bid, 1, bid + 1 if ask is None else ask, 1)


class Script:
    """
    A source that sends the rows it is told to, when it is told.

    Attributes:
        listing: EURUSD, GBPUSD and XAUUSD, then as many made-up ones as wanted.
    """

    def __init__(self, *, instruments=3, listing=None, opening=None):
        symbols = ["EURUSD", "GBPUSD", "XAUUSD"] + [f"AAA{at:03}" for at in range(3, instruments)]
        self.listing = listing or Listing(instrument(symbol) for symbol in symbols[:instruments])
        self._opening = [quote(at, 100) for at in range(instruments)] if opening is None else opening
        self._send, self._receive = trio.open_memory_channel(math.inf)

    def play(self, *rows):
        """Send ``rows`` as one batch, now."""
        self._send.send_nowait(list(rows))

    def end(self):
        """There is nothing more to come."""
        self._send.close()

    def opening(self):
        return self._opening

    async def run(self, channel):
        async with channel:
            async for rows in self._receive:
                await channel.send(Batch(rows, trio.current_time()))
