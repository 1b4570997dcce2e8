"""``aiohttp``: one ``send_str`` per connection and tick, as its chat examples do. Option: uvloop."""

import asyncio

import ticks
from aiohttp import web


async def main() -> None:
    clients, complete = set(), asyncio.Event()

    async def handle(request):
        client = web.WebSocketResponse(compress=False)
        await client.prepare(request)
        clients.add(client)
        if len(clients) == ticks.CONNECTIONS:
            complete.set()
        try:
            async for _ in client:
                pass
        finally:
            clients.discard(client)
        return client

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, ticks.HOST, ticks.PORT, backlog=ticks.BACKLOG).start()
    await complete.wait()
    await asyncio.sleep(ticks.SETTLE_SECONDS)
    source = ticks.Ticks()
    while clients:
        for text in source.due():
            for client in list(clients):
                try:
                    await client.send_str(text)
                except ConnectionError:
                    clients.discard(client)
        await asyncio.sleep(source.seconds_left())


if "uvloop" in ticks.OPTIONS:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
