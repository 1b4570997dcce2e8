"""``websockets`` on asyncio, with its documented ``broadcast()``. Option: uvloop."""

import asyncio

import ticks
from websockets.asyncio.server import broadcast, serve


async def main() -> None:
    clients, complete = set(), asyncio.Event()

    async def handle(client) -> None:
        clients.add(client)
        if len(clients) == ticks.CONNECTIONS:
            complete.set()
        try:
            await client.wait_closed()
        finally:
            clients.discard(client)

    async with serve(handle, ticks.HOST, ticks.PORT, compression=None, backlog=ticks.BACKLOG):
        await complete.wait()
        await asyncio.sleep(ticks.SETTLE_SECONDS)
        source = ticks.Ticks()
        while clients:
            for text in source.due():
                broadcast(clients, text)
            await asyncio.sleep(source.seconds_left())


if "uvloop" in ticks.OPTIONS:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
