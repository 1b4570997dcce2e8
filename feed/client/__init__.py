"""
A client that keeps going: typed events from any of the protocols, on Trio and on asyncio.

::

    import anyio
    from feed.client import Quote, connect

    async def main():
        async with connect("ws://127.0.0.1:8080", symbols=["EURUSD", "BTC-USD"]) as feed:
            async for event in feed:
                if isinstance(event, Quote):
                    price = feed.instruments[event.instrument].price_text
                    print(feed.symbol(event), price(event.bid), price(event.ask))

    anyio.run(main)

Other channels are asked for with ``channels=``: ``trades``, ``candles``, ``book`` (price levels, kept in
:meth:`Feed.book`) and ``orders`` (single orders, kept in :meth:`Feed.orders`), as far as a protocol has them.

What happens to the connection comes in the same stream: :class:`Connected`, :class:`Disconnected`,
:class:`Gap`, :class:`Stale` and the other states.
"""

from feed.client.blocking import BlockingFeed, connect_blocking
from feed.client.book import Book
from feed.client.connect import Feed, connect
from feed.client.core import KeyRefused
from feed.client.event_buffer import Overflow
from feed.client.known import SymbolUnknown
from feed.client.orders import Orders
from feed.client.states import (
    Connected,
    Disconnected,
    Gap,
    Garbled,
    Listed,
    Message,
    OutOfSync,
    Overflowed,
    Resynced,
    ServerError,
    Stale,
    State,
)
from feed.dialects.items import CandleChanged, Channel, OrderSet, Ticker
from feed.model.events import BookCleared, Event, LevelSet, Quote, Side, Trade

__all__ = [
    "BlockingFeed",
    "Book",
    "BookCleared",
    "CandleChanged",
    "Channel",
    "Connected",
    "Disconnected",
    "Event",
    "Feed",
    "Gap",
    "Garbled",
    "KeyRefused",
    "LevelSet",
    "Listed",
    "Message",
    "OrderSet",
    "Orders",
    "OutOfSync",
    "Overflow",
    "Overflowed",
    "Quote",
    "Resynced",
    "ServerError",
    "Side",
    "Stale",
    "State",
    "SymbolUnknown",
    "Ticker",
    "Trade",
    "connect",
    "connect_blocking",
]
