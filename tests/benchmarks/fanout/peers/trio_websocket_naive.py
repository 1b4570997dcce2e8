"""trio-websocket as one would write it first: a channel and ``send_message`` calls per connection."""

import contextlib

import ticks
import trio
from trio_websocket import ConnectionClosed, serve_websocket

CHANNEL_TICKS = 1024


async def main() -> None:
    clients, complete = set(), trio.Event()

    async def handle(request) -> None:
        client = await request.accept()
        feed, waiting = trio.open_memory_channel(CHANNEL_TICKS)

        async def write() -> None:
            async for text in waiting:
                await client.send_message(text)

        clients.add(feed)
        if len(clients) == ticks.CONNECTIONS:
            complete.set()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(write)
                while True:
                    await client.get_message()
        except* ConnectionClosed:
            pass
        finally:
            clients.discard(feed)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_websocket, handle, ticks.HOST, ticks.PORT, None)
        await complete.wait()
        await trio.sleep(ticks.SETTLE_SECONDS)
        source = ticks.Ticks()
        while clients:
            for text in source.due():
                for feed in clients:
                    # A channel that is full loses the tick, and the load client counts a gap.
                    with contextlib.suppress(trio.WouldBlock):
                        feed.send_nowait(text)
            await trio.sleep(source.seconds_left())
        nursery.cancel_scope.cancel()


trio.run(main)
