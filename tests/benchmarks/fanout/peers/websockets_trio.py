"""``websockets`` on Trio, with its documented ``broadcast()``."""

from functools import partial

import ticks
import trio
from websockets.trio.server import broadcast, serve


async def main() -> None:
    clients, complete = set(), trio.Event()

    async def handle(client) -> None:
        clients.add(client)
        if len(clients) == ticks.CONNECTIONS:
            complete.set()
        try:
            async for _ in client:
                pass
        finally:
            clients.discard(client)

    listen = partial(serve, handle, ticks.PORT, host=ticks.HOST, compression=None, backlog=ticks.BACKLOG)
    async with trio.open_nursery() as nursery:
        await nursery.start(listen)
        await complete.wait()
        await trio.sleep(ticks.SETTLE_SECONDS)
        source = ticks.Ticks()
        while clients:
            for text in source.due():
                await broadcast(clients, text)
            await trio.sleep(source.seconds_left())
        nursery.cancel_scope.cancel()


trio.run(main)
